// y[i, j, ...] = x[i, ..., indices[i, j, ...], ...]: one index per element of the result.
#pragma once
#include "ops/op.h"

namespace ingot {

// x and indices of equal rank; y has the shape of the indices, which may be smaller than x off the axis.
struct GatherElements {
  int64_t axis = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &GatherElements::axis)); }
};

}  // namespace ingot
