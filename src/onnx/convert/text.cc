#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> text_converters() { return {}; }

}  // namespace ingot::onnx
