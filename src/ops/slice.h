// A strided range of some axes, with ONNX Slice's clamping and negative indices.
#pragma once
#include "ops/op.h"

namespace ingot {

// Ranges are the fields (expressions) when the node has one input; else inputs 1.. are starts, ends, optional axes,
// optional steps (i32 or i64, rank 1). Axes may be negative.
struct Slice {
  DimShape starts, ends;
  std::vector<int64_t> axes, steps;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("starts", &Slice::starts), field("ends", &Slice::ends), field("axes", &Slice::axes),
                           field("steps", &Slice::steps));
  }
};

}  // namespace ingot
