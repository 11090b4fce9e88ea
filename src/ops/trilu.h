// The upper or lower triangle of the last two axes; zero elsewhere.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: x, optional k (i64, one element): elements with column - row >= k (upper) or <= k are kept.
struct Trilu {
  bool upper = true;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("upper", &Trilu::upper)); }
};

}  // namespace ingot
