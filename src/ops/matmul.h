// y = op(A) op(B) (+ bias), batched over the leading axes with NumPy broadcasting.
#pragma once
#include "ops/fused.h"
#include "ops/op.h"

namespace ingot {

// A: [..., m, k] (transposed when trans_a: [..., k, m]); B: [..., k, n] (trans_b: [..., n, k]); both rank >= 2; vectors
// are reshaped by the importer. Optional third input: bias, broadcastable to the result, added after alpha.
// `epilogue` continues element by element on the result: a Fused body whose input 0 is the result and whose further
// inputs are the operands after the bias. Accumulates in f32 for 16-bit types; a bias of bf16 operands may be f32.
struct MatMul {
  bool trans_a = false, trans_b = false;
  double alpha = 1;
  std::vector<TileInstruction> epilogue;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("trans_a", &MatMul::trans_a), field("trans_b", &MatMul::trans_b),
                           field("alpha", &MatMul::alpha), field("epilogue", &MatMul::epilogue));
  }
};

}  // namespace ingot
