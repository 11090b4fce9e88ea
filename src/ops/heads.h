// Attention operands split into heads, for evaluations.
#pragma once
#include <vector>

#include "tensor/tensor.h"

namespace ingot {

// [batch, heads, length, size] in doubles.
struct Heads {
  int64_t batch = 0, heads = 0, length = 0, size = 0;
  std::vector<double> values;
  const double* row(int64_t b, int64_t h, int64_t t) const {
    return values.data() + ((b * heads + h) * length + t) * size;
  }
  double* row(int64_t b, int64_t h, int64_t t) { return values.data() + ((b * heads + h) * length + t) * size; }
  Shape shape() const { return {batch, heads, length, size}; }
};

// A tensor [b, h, t, d], or [b, t, heads*d] split by `heads`. Throws kInvalidArgument naming `what`.
Heads split_heads(const Tensor& tensor, int64_t heads, const char* what);
// The values as [b, t, heads*d].
std::vector<double> join_heads(const Heads& heads);

}  // namespace ingot
