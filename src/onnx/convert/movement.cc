#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> movement_converters() { return {}; }

}  // namespace ingot::onnx
