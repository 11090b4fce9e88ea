// The micro-kernel of matrix work on integers of 8 bits, and what each instruction set offers of it.
//
// As in gemm/bf16_tile.h, with sums of i32 that wrap. Four neighbours in depth are one 32-bit unit: B comes in panels
// of units, [tap][unit][width], the last unit of a tap padded with zeros; rows of A are read unit by unit where they
// lie. A is unsigned, B signed: a signed A is read with its signs flipped, 128 more than it is, which the zero point
// follows.
#pragma once
#include "kernels/gemm/tile.h"

namespace ingot::kernels::gemm {

struct Int8TileArgs {
  const uint8_t* const* a = nullptr;  // [taps][a_rows]: row pointers
  int64_t a_rows = 0;
  bool is_signed = false;          // A
  const int8_t* b = nullptr;       // the panel
  int64_t b_step = 0;              // bytes from unit to unit: four times the panel's width
  int64_t taps = 0, depth = 0;     // depth: elements of a tap
  const int32_t* minus = nullptr;  // for each column of the panel: subtracted from its sums
  int32_t* c = nullptr;
  int64_t c_stride = 0;
  int64_t columns = 0;  // that exist in C
};
using Int8TileFn = void (*)(const Int8TileArgs& args) noexcept;

struct Int8TileSet {
  TileSet shape;  // sizes, packing and speed; no functions
  const Int8TileFn* tiles = nullptr;
  Int8TileFn tile(int64_t r, int64_t v) const { return tiles[(r - 1) * shape.vectors + (v - 1)]; }
};

extern const Int8TileSet kReferenceInt8_4x8, kAvx2Int8_6x8, kAvx512VnniInt8_6x64, kAvx512VnniInt8_8x48;

inline constexpr int64_t kUnit = 4;
inline int64_t units_of(int64_t depth) { return (depth + kUnit - 1) / kUnit; }

}  // namespace ingot::kernels::gemm
