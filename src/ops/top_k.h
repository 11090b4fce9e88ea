// The k largest or smallest elements along one axis, with their indices.
#pragma once
#include "ops/op.h"

namespace ingot {

// x, optional k (i64, one element; overrides the field). Outputs: values of x's type, i64 indices. In order; equal
// elements by index; NaN is above every number.
struct TopK {
  int64_t k = 0;
  int64_t axis = -1;
  bool largest = true;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("k", &TopK::k), field("axis", &TopK::axis), field("largest", &TopK::largest));
  }
};

}  // namespace ingot
