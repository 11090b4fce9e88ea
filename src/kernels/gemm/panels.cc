#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {

void pack_panels(const TileSet& tiles, const float* b, Strides strides, int64_t taps, int64_t depth, int64_t n,
                 float* out) {
  for (int64_t panel = 0; panel < panel_count(tiles, n); ++panel) {
    const int64_t first = panel * tiles.columns(), width = panel_width(tiles, n, panel);
    const int64_t columns = std::min(width, n - first);
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t d = 0; d < depth; ++d, out += width) {
        const float* from = b + tap * strides.tap + d * strides.depth + first * strides.column;
        for (int64_t column = 0; column < columns; ++column) out[column] = from[column * strides.column];
        std::fill(out + columns, out + width, 0.0f);
      }
    }
  }
}

}  // namespace ingot::kernels::gemm
