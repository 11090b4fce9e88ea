// Determinants of square matrices.
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [..., n, n] -> [...].
struct Det {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
