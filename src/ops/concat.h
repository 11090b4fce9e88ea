// Inputs of equal type joined along one axis.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Concat {
  int64_t axis = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &Concat::axis)); }
};

}  // namespace ingot
