// Axis i of the result is axis permutation[i] of the input.
#pragma once
#include "ops/op.h"

namespace ingot {

// An empty permutation reverses the axes, whatever their number.
struct Transpose {
  std::vector<int64_t> permutation;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("permutation", &Transpose::permutation)); }
};

}  // namespace ingot
