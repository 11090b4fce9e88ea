// Resampling along axes, ops/resize: one pass per resized axis, the last axis first, each a weighted sum of a few
// positions; between passes elements are f32. Inputs: 0 x, then roi, scales and sizes, whose values are not read: sizes
// follow from the output's shape.
#pragma once
#include "kernels/kernel.h"

namespace ingot::kernels {

// x[outer][size][inner] -> y[outer][output][inner]. With `narrow` few elements lie side by side, and indices and
// weights are those of every element of [output][inner]; else of every output.
struct ResizePass {
  int64_t outer = 1, size = 0, output = 0, inner = 1, taps = 1, positions = 0;
  bool narrow = false;
  const int64_t* index = nullptr;  // [tap][position]: elements from the start of [size][inner]
  const float* weight = nullptr;   // [tap][position]
};

// Lines [first, last) of `outer` when narrow, else rows of [outer][output].
using ResizeFunction = void (*)(const ResizePass& pass, const void* x, void* y, int64_t first, int64_t last) noexcept;

// By what a pass reads and writes: the operator's elements, or f32 between two passes.
struct ResizeFunctions {
  ResizeFunction only, first, middle, last;
};
// Null functions for types other than f32, f16 and bf16.
namespace avx2 {
ResizeFunctions resize_functions(DType dtype);
}
namespace avx512 {
ResizeFunctions resize_functions(DType dtype);
}

}  // namespace ingot::kernels
