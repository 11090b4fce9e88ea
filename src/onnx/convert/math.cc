#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> math_converters() { return {}; }

}  // namespace ingot::onnx
