#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> signal_converters() { return {}; }

}  // namespace ingot::onnx
