// Scaled dot-product attention, ops/attention, f32, as one tiled loop: scores of a block of queries against a tile of
// keys, their exponentials with a running maximum (FlashAttention, Dao et al. 2022), times the tile of values; scores
// never leave the cache. Keys and values are packed into scratch once per head that holds them.
//
// Operands of rank 4 [b, h, s, d] or 3 [b, s, h*d], each by itself; a mask (f32 or bool) that broadcasts; lengths. The
// order of every sum depends on sizes alone: equal bits at every thread count.
#pragma once
#include <cstdint>

#include "kernels/gemm/tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::attention {

// Scores of one query against `keys` consecutive keys, of which the first `visible` may be seen.
struct ScoreRow {
  float* scores;  // [keys]: replaced by exponentials, zero where hidden
  int64_t keys, visible;
  const float* added = nullptr;    // mask that is added, at the first key; null: none
  const uint8_t* shown = nullptr;  // mask of truth values; null: none
  bool same_for_keys = false;      // the mask has one element for all keys
  float softcap = 0;
  // Of the keys seen before: the largest score, the sum of exponentials, and [width] values times exponentials.
  float* largest;
  float* sum;
  float* result;
  int64_t width;
};
struct Functions {
  // Rescales what was seen before to the new maximum and adds the new exponentials to the sum.
  void (*exponentials)(const ScoreRow& row) noexcept;
  // y[i] = result[i] / sum for i in [0, width).
  void (*divide)(const float* result, float sum, int64_t width, float* y) noexcept;
};

}  // namespace ingot::kernels::attention

namespace ingot::kernels::avx2 {
attention::Functions attention_functions();
}
namespace ingot::kernels::avx512 {
attention::Functions attention_functions();
}

namespace ingot::kernels::attention {

std::unique_ptr<BoundKernel> bind_attention(const gemm::TileSet& tiles, const Functions& functions,
                                            const Problem& problem, const Target& target);

}  // namespace ingot::kernels::attention
