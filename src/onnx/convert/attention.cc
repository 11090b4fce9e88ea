#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> attention_converters() { return {}; }

}  // namespace ingot::onnx
