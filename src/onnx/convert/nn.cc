#include "onnx/convert/converters.h"

namespace ingot::onnx {

std::span<const Converter> nn_converters() { return {}; }

}  // namespace ingot::onnx
