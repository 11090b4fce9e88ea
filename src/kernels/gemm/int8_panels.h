// The packed form of a B of integers: the panels of gemm/panels.h in units of four neighbours in depth,
// [panel][tap][unit][width][4] bytes, and after all panels the sum of each stored column, i32.
#pragma once
#include "kernels/gemm/int8_tile.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {

// Bytes of a packed matrix of n columns: all, and those of the panels.
inline int64_t int8_panel_bytes(const Int8TileSet& tiles, int64_t taps, int64_t depth, int64_t n) {
  return packed_floats(tiles.shape, taps * units_of(depth) * kUnit, n);
}
inline int64_t int8_packed_bytes(const Int8TileSet& tiles, int64_t taps, int64_t depth, int64_t n) {
  return int8_panel_bytes(tiles, taps, depth, n) + packed_floats(tiles.shape, 1, n) * 4;
}
// Packs one matrix into `out` (int8_packed_bytes, aligned to 4). For weights, once.
void pack_int8_panels(const Int8TileSet& tiles, const int8_t* b, Strides strides, int64_t taps, int64_t depth,
                      int64_t n, std::byte* out);

}  // namespace ingot::kernels::gemm
