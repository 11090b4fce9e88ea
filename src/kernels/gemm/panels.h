// The packed form of B: panels of `width` columns, the last one narrowed to whole vectors and padded with zeros; in a
// panel, for every (tap, depth) its columns side by side: [panel][tap][depth][width].
#pragma once
#include <algorithm>
#include <string>

#include "base/checked.h"
#include "kernels/gemm/tile.h"
#include "tensor/tensor.h"

namespace ingot::kernels::gemm {

// Columns of panel `panel` of n, as stored.
inline int64_t panel_width(const TileSet& tiles, int64_t n, int64_t panel) {
  return std::min<int64_t>(tiles.columns(), round_up(n - panel * tiles.columns(), tiles.vector));
}
inline int64_t panel_count(const TileSet& tiles, int64_t n) { return (n + tiles.columns() - 1) / tiles.columns(); }
// Floats of a packed matrix of `depth` (taps * depth) rows and n columns.
inline int64_t packed_floats(const TileSet& tiles, int64_t depth, int64_t n) {
  return round_up(n, tiles.vector) * depth;
}

// Where element (tap, depth, column) of an unpacked B is.
struct Strides {
  int64_t tap = 0, depth = 0, column = 0;
};
// Packs one matrix into `out` (packed_floats). Slow and obvious: for weights, once.
void pack_panels(const TileSet& tiles, const float* b, Strides strides, int64_t taps, int64_t depth, int64_t n,
                 float* out);

}  // namespace ingot::kernels::gemm
