// The first length[b] steps of every batch entry in reverse order.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: x, lengths (i64[x.shape[batch_axis]]).
struct ReverseSequence {
  int64_t batch_axis = 1, time_axis = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("batch_axis", &ReverseSequence::batch_axis),
                           field("time_axis", &ReverseSequence::time_axis));
  }
};

}  // namespace ingot
