// Matrix products of quantised integers.
#pragma once
#include "ops/fused.h"
#include "ops/op.h"

namespace ingot {

// y (i32) = (A - a_zero) (B - b_zero), over the last two axes, batched over the rest with NumPy broadcasting. Inputs: A
// [..., m, k] and B [..., k, n] (i8 or u8), optional zero points of their types: a_zero one number, [m] or [..., m, 1];
// b_zero one number, [n] or [..., 1, n]. Sums wrap at 32 bits. `epilogue` as in MatMul: input 0 is the sums, further
// inputs are the operands after the zero points.
struct MatMulInteger {
  std::vector<TileInstruction> epilogue;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("epilogue", &MatMulInteger::epilogue)); }
};

// y = quantize((A - a_zero) (B - b_zero) * (a_scale * b_scale / y_scale)) to the type of y_zero. Inputs: A, a_scale,
// a_zero, B, b_scale, b_zero, y_scale, y_zero; shapes of scales like those of the zero points above. 8-bit integers or
// floats.
struct QLinearMatMul {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
