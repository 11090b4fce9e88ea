#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::gemm {

void pack_bf16_panels(const Bf16TileSet& tiles, const uint16_t* b, Strides strides, int64_t taps, int64_t depth,
                      int64_t n, uint16_t* out) {
  const StoredDepth stored = stored_depth(tiles, taps, depth);
  const int64_t taps_of_one = taps / stored.taps;  // taps that are one depth
  for (int64_t panel = 0; panel < panel_count(tiles.shape, n); ++panel) {
    const int64_t first = panel * tiles.shape.columns(), width = panel_width(tiles.shape, n, panel);
    for (int64_t tap = 0; tap < stored.taps; ++tap) {
      for (int64_t unit = 0; unit < stored.depth; unit += 2) {
        for (int64_t column = first; column < first + width; ++column) {
          for (int64_t d = unit; d < unit + 2; ++d) {
            const bool exists = column < n && d < taps_of_one * depth;
            const int64_t at = exists ? (tap + d / depth) * strides.tap + d % depth * strides.depth : 0;
            *out++ = exists ? b[at + column * strides.column] : uint16_t{0};
          }
        }
      }
    }
  }
}

}  // namespace ingot::kernels::gemm
