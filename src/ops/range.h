// start, start + delta, ... before limit.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: start, limit, delta: scalars of one numeric type.
struct Range {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
