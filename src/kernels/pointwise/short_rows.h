// A program on rows of few columns. A program is fast on whole blocks only, so rows are put one behind the other.
#pragma once
#include "kernels/pointwise/program.h"

namespace ingot::kernels {

inline constexpr int64_t kShortRow = 128;  // columns at most
inline constexpr size_t kMaxRowOperands = 12;

// An input of the program: element (r, c) at element r * row_stride + c * column_stride, with column_stride 0 or 1. One
// whose column_stride is 0 is an f32 input of the program, whatever its elements are; with both strides 0 maybe a
// splat.
struct ShortRowOperand {
  const std::byte* data = nullptr;
  DType dtype = DType::kF32;
  int64_t row_stride = 0, column_stride = 0;
};

// The program's input 0, of four bytes an element, and its only result. They may be the same memory when they have the
// same strides.
struct ShortRows {
  const void* sums = nullptr;
  int64_t sums_stride = 0;
  std::byte* results = nullptr;
  int64_t results_stride = 0, result_bytes = 4;  // elements from row to row, and their size
  int64_t rows = 0, columns = 0;
};

// `operands`: the program's inputs from 1 on, at most kMaxRowOperands.
void run_on_short_rows(const Program& program, const ShortRows& block, const ShortRowOperand* operands) noexcept;

}  // namespace ingot::kernels
