// Runs one of two bodies.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: condition (bool, one element), then what the bodies capture. Both bodies take the captures and give the
// outputs.
struct If {
  int64_t then_body = 0, else_body = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("then_body", &If::then_body), field("else_body", &If::else_body));
  }
};

}  // namespace ingot
