#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> control_flow_converters() { return {}; }

}  // namespace ingot::onnx
