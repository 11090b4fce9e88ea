// Picks the best boxes of each class and drops those that overlap a better one.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: boxes [n, b, 4] (f32), scores [n, c, b] (f32), optional: most boxes per batch and class (one i64; absent: 0),
// highest overlap kept (intersection over union, one f32; absent: 0), score that a box must exceed (one f32). Boxes
// are corners (y1, x1, y2, x2) in any order, or (x, y, width, height) around the centre when `center_point_box`.
// Result: i64[selected, 3] of (batch, class, box), best first within a class; equal scores: lower box index first.
struct NonMaxSuppression {
  bool center_point_box = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("center_point_box", &NonMaxSuppression::center_point_box));
  }
};

}  // namespace ingot
