// NumPy broadcasting of a tensor to a shape (both may hold 1 where the other is larger).
#pragma once
#include "ops/op.h"

namespace ingot {

// The target is `shape` when the node has one input, else the second input (i64[rank]).
struct Expand {
  DimShape shape;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("shape", &Expand::shape)); }
};

}  // namespace ingot
