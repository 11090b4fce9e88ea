// Softmax and its logarithm along one axis of [outer, size, inner]. Three passes over a row that stays in cache: the
// maximum, exponentials and their sum, the scaling. Sums run in an order that the sizes alone decide.
#pragma once
#include <cstdint>

#include "tensor/dtype.h"

namespace ingot::kernels {

// `rows` rows of `size` consecutive elements (inner 1); or, where `inner` > 1, `columns` neighbouring columns of one
// [size, inner] matrix.
struct SoftmaxArgs {
  const void* x;
  void* y;
  int64_t size, rows, inner, columns;
  bool log;
};
using SoftmaxFunction = void (*)(const SoftmaxArgs& args) noexcept;

struct SoftmaxFunctions {
  SoftmaxFunction rows, columns;
};
// Null functions for types other than f32, f16 and bf16.
namespace avx2 {
SoftmaxFunctions softmax_functions(DType dtype);
}
namespace avx512 {
SoftmaxFunctions softmax_functions(DType dtype);
}

}  // namespace ingot::kernels
