#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> quantization_converters() { return {}; }

}  // namespace ingot::onnx
