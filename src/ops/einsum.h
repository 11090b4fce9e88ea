// Einstein summation.
#pragma once
#include "ops/op.h"

namespace ingot {

// `equation` as ONNX Einsum defines it: letters, "...", spaces ignored; without "->" the result has the ellipsis and
// then the labels that occur once, in alphabetical order.
struct Einsum {
  std::string equation;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("equation", &Einsum::equation)); }
};

// The labels of every operand and the result with the ellipsis expanded: letters are their codes, ellipsis axes are
// numbered from 256 with the last axis the highest. Throws kInvalidArgument when the equation does not fit the ranks.
struct EinsumLabels {
  std::vector<std::vector<int>> operands;
  std::vector<int> result;
};
EinsumLabels parse_einsum(const std::string& equation, const std::vector<int64_t>& ranks);

}  // namespace ingot
