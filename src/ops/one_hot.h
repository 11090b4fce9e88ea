// A new axis of `depth` that is values[1] at the index and values[0] elsewhere.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: indices (any numeric type; negative ones count from the back, those outside [-depth, depth) hit nothing),
// depth (one number), values [2] (off, on). The new axis stands at `axis` of the result.
struct OneHot {
  int64_t axis = -1;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &OneHot::axis)); }
};

}  // namespace ingot
