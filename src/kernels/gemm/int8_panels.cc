#include "kernels/gemm/int8_panels.h"

#include <cstring>

namespace ingot::kernels::gemm {

void pack_int8_panels(const Int8TileSet& tiles, const int8_t* b, Strides strides, int64_t taps, int64_t depth,
                      int64_t n, std::byte* out) {
  const int64_t stored_columns = round_up(n, tiles.shape.vector);
  auto* to = reinterpret_cast<int8_t*>(out);
  auto* sums = reinterpret_cast<int32_t*>(out + int8_panel_bytes(tiles, taps, depth, n));
  std::memset(sums, 0, static_cast<size_t>(stored_columns) * sizeof(int32_t));
  for (int64_t panel = 0; panel < panel_count(tiles.shape, n); ++panel) {
    const int64_t first = panel * tiles.shape.columns(), width = panel_width(tiles.shape, n, panel);
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t unit = 0; unit < depth; unit += kUnit) {
        for (int64_t column = first; column < first + width; ++column) {
          for (int64_t d = unit; d < unit + kUnit; ++d, ++to) {
            const bool exists = column < n && d < depth;
            *to = exists ? b[tap * strides.tap + d * strides.depth + column * strides.column] : int8_t{0};
            sums[column] += *to;
          }
        }
      }
    }
  }
}

}  // namespace ingot::kernels::gemm
