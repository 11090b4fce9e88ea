// The micro-kernel of matrix work on bf16, and what each instruction set offers of it.
//
// As in gemm/tile.h, with operands of bf16 and sums of f32. Two neighbours in depth are one 32-bit unit: B comes in
// panels of units, [tap][unit][width], an odd depth's last unit padded with zero; rows of A are read unit by unit where
// they lie. The depth is never cut, so a sum stays in registers from its first addition to the result's rounding.
#pragma once
#include "kernels/gemm/tile.h"

namespace ingot::kernels::gemm {

struct Bf16TileArgs {
  const uint16_t* const* a = nullptr;  // [taps][a_rows]: row pointers, without alignment
  int64_t a_rows = 0;
  const uint16_t* b = nullptr;  // the panel
  int64_t b_step = 0;           // elements from unit to unit: twice the panel's width
  int64_t taps = 0, depth = 0;  // depth: elements of a tap
  float* wide = nullptr;        // where sums go in f32; null: to `narrow`, rounded to bf16
  uint16_t* narrow = nullptr;
  int64_t c_stride = 0;  // of either
  int64_t columns = 0;   // that exist in C
  TileFinish finish;     // without an addend; the bias may be the same for all rows
};
using Bf16TileFn = void (*)(const Bf16TileArgs& args) noexcept;

struct Bf16TileSet {
  TileSet shape;  // sizes, packing and speed; no functions
  const Bf16TileFn* tiles;
  Bf16TileFn tile(int64_t r, int64_t v) const { return tiles[(r - 1) * shape.vectors + (v - 1)]; }
};

extern const Bf16TileSet kAvx2Bf16_4x16, kAvx512Bf16_6x64, kAvx512Bf16_8x48, kAmxBf16_32x32;

// Elements of a packed tap of `depth`.
inline int64_t unit_depth(int64_t depth) { return (depth + 1) / 2 * 2; }

}  // namespace ingot::kernels::gemm
