// 1 at the first largest element along an axis, 0 elsewhere.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Hardmax {
  int64_t axis = -1;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &Hardmax::axis)); }
};

}  // namespace ingot
