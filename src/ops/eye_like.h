// Ones on a diagonal, zeros elsewhere, in the shape of a matrix.
#pragma once
#include "ops/op.h"

namespace ingot {

// y[i, i + k] = 1; of x only the shape counts.
struct EyeLike {
  DType dtype = DType::kF32;
  int64_t k = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("dtype", &EyeLike::dtype), field("k", &EyeLike::k)); }
};

}  // namespace ingot
