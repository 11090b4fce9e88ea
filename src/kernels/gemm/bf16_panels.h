// The packed form of a B of bf16: the panels of gemm/panels.h in units of two neighbours in depth,
// [panel][tap][unit][width][2], padded with zeros to stored_depth.
#pragma once
#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {

// Elements of a packed matrix of n columns.
inline int64_t packed_elements(const Bf16TileSet& tiles, int64_t taps, int64_t depth, int64_t n) {
  return packed_floats(tiles.shape, stored_depth(tiles, taps, depth).elements(), n);
}
// Packs one matrix of bf16 bits into `out` (packed_elements). For weights, once.
void pack_bf16_panels(const Bf16TileSet& tiles, const uint16_t* b, Strides strides, int64_t taps, int64_t depth,
                      int64_t n, uint16_t* out);

}  // namespace ingot::kernels::gemm
