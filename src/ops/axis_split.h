// A shape seen as [outer, size, inner] around one axis.
#pragma once
#include "tensor/shape.h"

namespace ingot {

struct AxisSplit {
  int64_t outer = 1, size = 1, inner = 1;
  int64_t lines() const { return outer * inner; }
  // Offset of element k of line i (i in [0, lines())).
  int64_t offset(int64_t line, int64_t k) const { return (line / inner * size + k) * inner + line % inner; }
};

// `axis` may be negative; throws when it is out of range. Of a scalar any axis of -1 or 0 is a line of one element.
inline AxisSplit split_at(const Shape& shape, int64_t axis) {
  AxisSplit split;
  if (shape.empty() && (axis == 0 || axis == -1)) return split;
  const auto at = static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(shape.size())));
  for (size_t i = 0; i < at; ++i) split.outer *= shape[i];
  split.size = shape[at];
  for (size_t i = at + 1; i < shape.size(); ++i) split.inner *= shape[i];
  return split;
}

}  // namespace ingot
