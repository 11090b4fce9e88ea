// The same elements in row-major order under another shape.
#pragma once
#include "ops/op.h"

namespace ingot {

// The new shape is `shape` when the node has one input (every dim an expression of known symbols), else the second
// input (i64[rank]) with ONNX's rules: -1 is inferred, 0 copies the input's size unless allow_zero.
struct Reshape {
  DimShape shape;
  bool allow_zero = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("shape", &Reshape::shape), field("allow_zero", &Reshape::allow_zero));
  }
};

}  // namespace ingot
