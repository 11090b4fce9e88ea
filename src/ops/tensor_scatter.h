// A key-value cache with new entries written at a place per batch entry.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: cache [batch, ...], update (the cache's shape but for `axis`), optional first positions (i64[batch]; 0 when
// absent). Positions past the end wrap round when `circular`, else they are an error.
struct TensorScatter {
  int64_t axis = -2;
  bool circular = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &TensorScatter::axis), field("circular", &TensorScatter::circular));
  }
};

}  // namespace ingot
