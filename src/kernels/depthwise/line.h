// One line of a depthwise convolution of f32 with its epilogue.
#pragma once
#include "kernels/depthwise/walk.h"
#include "kernels/gemm/blocked.h"

namespace ingot::kernels::depthwise {

struct Line {
  int64_t line = 0, block = 0;  // as Walk::lines gives them
  float* y = nullptr;           // the line's first pixel and channel
  int64_t row = 0;              // of the product: that of the line's first pixel
};

// Of `product` finish and operands are used; `program` may be null; `table`: table_bytes() of the walk.
void run_line(const Walk& walk, const WalkData& data, const Line& line, const gemm::Product& product,
              const RowProgram* program, const void** table) noexcept;

}  // namespace ingot::kernels::depthwise
