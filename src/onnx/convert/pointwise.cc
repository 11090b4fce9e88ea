#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> pointwise_converters() { return {}; }

}  // namespace ingot::onnx
