// Scaled dot-product attention, ops/attention, as one tiled loop: scores of a block of queries against a tile of keys,
// their exponentials with a running maximum (FlashAttention, Dao et al. 2022), times the tile of values; scores never
// leave the cache. Keys and values are packed into scratch once per head that holds them.
//
// Operands of rank 4 [b, h, s, d] or 3 [b, s, h*d], each by itself, of f32 or of bf16; a mask (f32 or bool) that
// broadcasts; lengths. Scores, exponentials and sums are f32; bf16 rounds what is left of a score to bf16 before it
// meets the values. The order of every sum depends on sizes alone: equal bits at every thread count.
#pragma once
#include <cstdint>

#include "kernels/gemm/bf16_tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::attention {

// Scores of one query against `keys` consecutive keys, of which the first `visible` may be seen.
struct ScoreRow {
  float* scores;  // [keys]
  int64_t keys, visible;
  uint16_t* narrow = nullptr;      // [keys]: where exponentials go in bf16
  const float* added = nullptr;    // mask that is added, at the first key; null: none
  const uint8_t* shown = nullptr;  // mask of truth values; null: none
  bool same_for_keys = false;      // the mask has one element for all keys
  float scale = 1;                 // of the scores as they are given
  float softcap = 0;
  // Of the keys seen before: the largest score, the sum of exponentials, and [width] values times exponentials.
  float* largest;
  float* sum;
  float* result;
  int64_t width;
};
struct Functions {
  // Puts exponentials, zero where hidden, in place of the scores; rescales what was seen before to the new maximum and
  // adds to the sum. A NaN among the scores makes the sum a NaN.
  void (*exponentials)(const ScoreRow& row) noexcept;
  // The same into `narrow`, to the accuracy of bf16.
  void (*narrow_exponentials)(const ScoreRow& row) noexcept;
  // y[i] = result[i] / sum for i in [0, width).
  void (*divide)(const float* result, float sum, int64_t width, float* y) noexcept;
  // The same, rounded to bf16.
  void (*divide_narrow)(const float* result, float sum, int64_t width, uint16_t* y) noexcept;
};

}  // namespace ingot::kernels::attention

namespace ingot::kernels::avx2 {
attention::Functions attention_functions();
}
namespace ingot::kernels::avx512 {
attention::Functions attention_functions();
}
namespace ingot::kernels::avx512bf16 {
attention::Functions attention_functions();
}

namespace ingot::kernels::attention {

std::unique_ptr<BoundKernel> bind_attention(const gemm::TileSet& tiles, const Functions& functions,
                                            const Problem& problem, const Target& target);
std::unique_ptr<BoundKernel> bind_bf16_attention(const gemm::Bf16TileSet& tiles, const Functions& functions,
                                                 const Problem& problem, const Target& target);

}  // namespace ingot::kernels::attention
