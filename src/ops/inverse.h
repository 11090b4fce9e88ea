// The inverse of square matrices.
#pragma once
#include "ops/op.h"

namespace ingot {

// x [..., n, n] (float). A singular matrix gives infinities or NaN.
struct Inverse {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
