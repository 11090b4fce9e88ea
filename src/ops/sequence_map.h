// Runs a body once per element of sequences.
#pragma once
#include "ops/op.h"

namespace ingot {

// outputs[i]... = body(inputs[i]..., captures...): of the first `inputs` inputs, input 0 is a sequence and the others
// are sequences of the same length or tensors passed as they are; the rest are captures. Outputs are sequences.
struct SequenceMap {
  int64_t body = 0, inputs = 1, outputs = 1;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("body", &SequenceMap::body), field("inputs", &SequenceMap::inputs),
                           field("outputs", &SequenceMap::outputs));
  }
};

}  // namespace ingot
