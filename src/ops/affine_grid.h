// Sampling positions of an affine map, for grid_sample.
#pragma once
#include "ops/op.h"

namespace ingot {

// theta: [n, 2, 3] or [n, 3, 4]; size: i64 (n, c, h, w) or (n, c, d, h, w) -> [n, h, w, 2] or [n, d, h, w, 3] of
// coordinates in [-1, 1], x first.
struct AffineGrid {
  bool align_corners = false;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("align_corners", &AffineGrid::align_corners)); }
};

}  // namespace ingot
