// y = condition ? a : b, element by element with NumPy broadcasting.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Where {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
