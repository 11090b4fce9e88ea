#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> recurrent_converters() { return {}; }

}  // namespace ingot::onnx
