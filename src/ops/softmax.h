// softmax(x) = exp(x - max) / sum(exp(x - max)) along one axis; log_softmax is its logarithm.
#pragma once
#include "ops/op.h"

namespace ingot {

struct Softmax {
  int64_t axis = -1;
  bool log = false;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axis", &Softmax::axis), field("log", &Softmax::log)); }
};

}  // namespace ingot
