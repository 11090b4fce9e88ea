// Einsum in terms of transpose, reduce and matmul.
#pragma once
#include "onnx/convert/convert.h"

namespace ingot::onnx {

// The result of the equation on `operands`. One operand without repeated labels becomes reduce and transpose, two
// become reduce, transpose, reshape and matmul; everything else, and operands of unknown rank, stays one einsum.
ir::ValueId lower_einsum(Conversion& c, const std::string& equation, const std::vector<ir::ValueId>& operands);

}  // namespace ingot::onnx
