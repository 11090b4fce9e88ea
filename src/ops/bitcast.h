// The same bits read as another type of the same width.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Bitcast {
  DType to = DType::kF32;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("to", &Bitcast::to)); }
};

}  // namespace ingot
