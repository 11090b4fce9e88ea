#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> ml_converters() { return {}; }

}  // namespace ingot::onnx
