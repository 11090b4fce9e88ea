#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::gemm {

void pack_bf16_panels(const TileSet& shape, const uint16_t* b, Strides strides, int64_t taps, int64_t depth, int64_t n,
                      uint16_t* out) {
  for (int64_t panel = 0; panel < panel_count(shape, n); ++panel) {
    const int64_t first = panel * shape.columns(), width = panel_width(shape, n, panel);
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t unit = 0; unit < unit_depth(depth); unit += 2) {
        for (int64_t column = first; column < first + width; ++column) {
          for (int64_t d = unit; d < unit + 2; ++d) {
            const bool exists = column < n && d < depth;
            *out++ = exists ? b[tap * strides.tap + d * strides.depth + column * strides.column] : uint16_t{0};
          }
        }
      }
    }
  }
}

}  // namespace ingot::kernels::gemm
