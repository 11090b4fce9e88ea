// The different elements, or slices along an axis, of a tensor.
#pragma once
#include "ops/op.h"

namespace ingot {

// Outputs: the different slices along `axis` (elements in row-major order when `flatten`), in ascending order or (not
// `sorted`) in order of first appearance; i64 index of each one's first appearance; i64 index into output 0 of every
// slice; i64 number of appearances. NaN equals NaN and is largest.
struct Unique {
  int64_t axis = 0;
  bool flatten = true;
  bool sorted = true;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Unique::axis), field("flatten", &Unique::flatten),
                           field("sorted", &Unique::sorted));
  }
};

}  // namespace ingot
