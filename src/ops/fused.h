// A fused group: straight-line code of elementwise operators, run as one step. It may read concatenations of its
// inputs.
#pragma once
#include "ops/op.h"

namespace ingot {

// Operand index < number of inputs: that input of the group; else the result of instruction (index - inputs).
struct TileInstruction {
  Op op;
  std::vector<int64_t> operands;
};

// Output i is the value with index results[i] in the same numbering. Operators of the body are elementwise,
// but for Concat of inputs, whose result has the shape of the group's.
struct Fused {
  std::vector<TileInstruction> body;
  std::vector<int64_t> results;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("body", &Fused::body), field("results", &Fused::results));
  }
};

}  // namespace ingot
