// The micro-kernel of matrix work on bf16, and what each instruction set offers of it.
//
// As in gemm/tile.h, with operands of bf16 and sums of f32. Two neighbours in depth are one 32-bit unit: B comes in
// panels of units, [tap][unit][width], an odd depth's last unit padded with zero; rows of A are read unit by unit where
// they lie. The depth is never cut, so a sum stays in registers from its first addition to the result's rounding.
#pragma once
#include "kernels/gemm/finish.h"

namespace ingot::kernels::gemm {

struct Bf16TileArgs {
  const uint16_t* const* a = nullptr;  // [taps][a_rows]: row pointers, without alignment
  int64_t a_rows = 0;
  int64_t a_offset = 0;             // of tiles over groups: elements added to every row pointer
  const uint16_t* zeros = nullptr;  // taps at which every row is this one add nothing and are skipped
  const uint16_t* b = nullptr;      // the panel
  int64_t b_step = 0;               // elements from unit to unit: twice the panel's width
  int64_t taps = 0, depth = 0;      // depth: elements of a tap
  float* wide = nullptr;            // where sums go in f32; null: to `narrow`, rounded to bf16
  uint16_t* narrow = nullptr;
  int64_t c_stride = 0;  // of either
  int64_t columns = 0;   // that exist in C
  TileFinish finish;     // without an addend of f32; the bias is the same for all rows
  Bf16Addend addend;     // of results in `narrow`
};
using Bf16TileFn = void (*)(const Bf16TileArgs& args) noexcept;

// Rows of A by halves of 16 and parts of 32 in depth: what a matrix unit reads. Element (row, k) is at
// at[row / 16 * half_step + row % 16 * row_step + part(k / 32) + k % 32].
struct Bf16Rows {
  const uint16_t* at = nullptr;
  int64_t row_step = 0, half_step = 0, part_step = 0;
  const int32_t* parts = nullptr;  // where each part is; null: at multiples of part_step
  int64_t part(int64_t index) const { return parts != nullptr ? parts[index] : index * part_step; }
};

struct Bf16BlockArgs {
  Bf16Rows a;
  const uint16_t* b = nullptr;               // the panel, from this depth on
  int64_t b_step = 0;                        // elements from unit to unit
  int64_t rows = 0, vectors = 0, depth = 0;  // depth: a multiple of 32
  float* sums = nullptr;                     // of 32 rows
  int64_t sums_stride = 32;
  bool accumulate = false;
  const uint16_t* next = nullptr;  // what is read after this: fetched into L2, [next, next_end)
  const uint16_t* next_end = nullptr;
  const FinishArgs* meanwhile = nullptr;  // other sums, to be finished between the products
};
// Rows that are copied: `a` holds [taps][a_rows] pointers to `depth` elements each, of which `rows` of each tap count.
// The taps of a row go one behind the other to `out`, as gathered() says where, with zeros up to `stored` elements.
struct Bf16GatherArgs {
  const uint16_t* const* a = nullptr;
  int64_t a_rows = 0, rows = 0, taps = 0, depth = 0, stored = 0;
  uint16_t* out = nullptr;
};
// Blocks of 32 x 32 sums in memory, for units that multiply whole matrices. Taps are one depth, one behind the other,
// and its padding to a multiple of 32 is zero in both operands.
struct Bf16BlockSet {
  void (*begin)() noexcept;  // on each thread, before and after its blocks
  void (*end)() noexcept;
  void (*gather)(const Bf16GatherArgs& args) noexcept;
  void (*multiply)(const Bf16BlockArgs& args) noexcept;
};

// Operands widened to f32 before they are multiplied, where that is faster than products of bf16 or there are none.
struct Bf16WideSet {
  const TileSet* tiles;  // of the shape's sizes
  // Taps of a row go one behind the other to its `out_stride` floats at `out`, each padded with a zero to even depth.
  void (*rows)(const Bf16GatherArgs& args, float* out, int64_t out_stride) noexcept;
  // [units][width][2] of bf16 as [2 * units][width]; width: whole vectors.
  void (*units)(const uint16_t* from, int64_t units, int64_t width, float* out) noexcept;
};

struct Bf16TileSet {
  TileSet shape;  // sizes, packing and speed; no functions
  const Bf16TileFn* tiles = nullptr;
  const Bf16BlockSet* blocks = nullptr;  // instead of tiles
  FinisherOf finisher = nullptr;
  const Bf16WideSet* wide = nullptr;  // instead of tiles
  bool by_dot = false;                // tiles multiply by vdpbf16ps
  // Column j of B meets the group j / depth of a row of A: of `depth` elements, which lie side by side for every column
  // of C. One vector; depth: see fits_groups.
  bool groups = false;
  Bf16TileFn tile(int64_t r, int64_t v) const { return tiles[(r - 1) * shape.vectors + (v - 1)]; }
};

extern const Bf16TileSet kReferenceBf16_32x32, kAvx2Bf16_4x16, kAvx512Bf16_6x64, kAvx512Bf16_8x48, kAmxBf16_32x32;
extern const Bf16TileSet kAvx512GroupsBf16_12x16;
extern const Bf16TileSet kAvx512WideBf16_6x64, kAvx512WideBf16_8x48;

constexpr int64_t kBlockRows = 32, kBlockDepth = 32, kHalfRows = 16;

// Whether tiles over groups take groups of so many elements.
inline bool fits_groups(int64_t depth) { return depth == 2 || depth == 4 || depth == 8 || depth == 16; }

// The taps and their depth, in elements, as panels of B and rows of A have them.
struct StoredDepth {
  int64_t taps, depth;
  int64_t elements() const { return taps * depth; }
};
inline StoredDepth stored_depth(const Bf16TileSet& tiles, int64_t taps, int64_t depth) {
  if (tiles.blocks == nullptr) return {taps, (depth + 1) / 2 * 2};
  return {1, (taps * depth + kBlockDepth - 1) / kBlockDepth * kBlockDepth};
}

}  // namespace ingot::kernels::gemm
