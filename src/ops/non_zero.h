// Selections whose size only the content decides.
#pragma once
#include "ops/op.h"

namespace ingot {

// The coordinates of the elements that are not zero as i64[rank, count], in row-major order.
struct NonZero {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// Inputs: x, condition (bool[n]). The slices of x along `axis` (of its elements in row-major order when `flatten`)
// where the condition holds; slices past the condition's end are dropped.
struct Compress {
  int64_t axis = 0;
  bool flatten = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Compress::axis), field("flatten", &Compress::flatten));
  }
};

}  // namespace ingot
