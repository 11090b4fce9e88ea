#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> generator_converters() { return {}; }

}  // namespace ingot::onnx
