// A matrix product with block-quantised weights.
#pragma once
#include "ops/op.h"

namespace ingot {

// y [..., n] = A [..., k] W^T + bias, W[i][j] = (q - zero) * scale. Inputs: A (float); weights u8[n, blocks, block *
// bits / 8], blocks = ceil(k / block), low bits first; scales [n, blocks] (or flat, type of A or f32); optional zero
// points: packed u8[n, ceil(blocks * bits / 8)] or numbers [n, blocks] of A's type (absent: 2^(bits-1)); optional group
// of each column of W (i32[k], absent: column / block); optional bias [n]. bits 2, 4 or 8.
struct MatMulNBits {
  int64_t k = 0, n = 0, bits = 4, block = 32;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("k", &MatMulNBits::k), field("n", &MatMulNBits::n), field("bits", &MatMulNBits::bits),
                           field("block", &MatMulNBits::block));
  }
};

// The operands after A; all but the first two may be null.
struct NBitsWeights {
  const Tensor *packed = nullptr, *scales = nullptr, *zeros = nullptr, *groups = nullptr;
};
// W as f32[n, k].
Tensor wide_weights(const MatMulNBits& op, const NBitsWeights& weights);

}  // namespace ingot
