// y[..., i..., ...] = x[..., indices[i...], ...] along one axis; negative indices count from the back.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Gather {
  int64_t axis = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &Gather::axis)); }
};

}  // namespace ingot
