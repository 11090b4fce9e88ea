// What is done with sums of f32 on their way to results of bf16 or f32.
#pragma once
#include "base/cpu.h"
#include "kernels/gemm/tile.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {

// What else is added to a sum: element (r, c) is at [r * stride + c]; null where absent.
struct Bf16Addend {
  const uint16_t* at = nullptr;
  int64_t stride = 0;
};

struct FinishArgs;
using FinishFn = void (*)(const FinishArgs& args, int64_t first, int64_t end) noexcept;

// x = alpha * sum + bias [+ addend], y = scale * activation(x) + shift [+ addend], clamped to [low, high].
struct FinishArgs {
  FinishFn rows_fn = nullptr;  // finishes rows [first, end)
  float* sums = nullptr;
  int64_t sums_stride = 32;
  int64_t rows = 0, columns = 0;
  const int32_t* row_map = nullptr;  // the row of the result that each row gives, -1 for none; null: its own
  uint16_t* narrow = nullptr;        // where results go, rounded to bf16, or
  float* wide = nullptr;             // as they are; in place of the sums where both are null
  int64_t c_stride = 0;
  TileFinish finish;  // a bias is the same for all rows
  Bf16Addend addend;  // where `finish` has none
  bool addend_last = false;
  float activation_alpha = 0, activation_beta = 0, scale = 1, shift = 0;
  void finish_rows() const noexcept { rows_fn(*this, 0, rows); }
};

// The function for an activation, null for none. Null when there is no such function: then a program does it.
using FinisherOf = FinishFn (*)(const Unary* activation) noexcept;

// The finisher for sums of f32 in place on that level; null without vectors.
FinisherOf finisher_of(IsaLevel isa) noexcept;

FinishFn reference_finisher(const Unary* activation) noexcept;
FinishFn avx2_finisher(const Unary* activation) noexcept;
FinishFn avx512_finisher(const Unary* activation) noexcept;
FinishFn avx512bf16_finisher(const Unary* activation) noexcept;

}  // namespace ingot::kernels::gemm
