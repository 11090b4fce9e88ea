// Puts pooled maxima back to where they came from.
#pragma once
#include "ops/op.h"

namespace ingot {

// x and i64 indices of one shape, optional output shape (i64[rank]). The indices are flat over the shape that the
// fields give, (size - 1) * stride + kernel - pads per axis; that shape lies in the corner of a larger output shape.
// Everything else is zero.
struct MaxUnpool {
  std::vector<int64_t> kernel, strides, pads;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &MaxUnpool::kernel), field("strides", &MaxUnpool::strides),
                           field("pads", &MaxUnpool::pads));
  }
};

}  // namespace ingot
