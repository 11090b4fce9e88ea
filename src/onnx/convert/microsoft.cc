#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> microsoft_converters() { return {}; }

}  // namespace ingot::onnx
