// How products are cut into parts for threads.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ingot::kernels::gemm {

// Parts of at most `largest` that `size` is cut into, or the size of `largest` parts; at least 1.
inline int64_t parts(int64_t size, int64_t largest) { return std::max<int64_t>(1, (size + largest - 1) / largest); }

// Parts of each product along rows and columns.
struct Grid {
  int64_t m = 1, n = 1;
};
// The grid for which cost(grid), a double, is least, with no more parts than `threads` either way; of equals the one
// with the fewest parts of columns, then of rows.
template <class Cost> Grid least_grid(int64_t row_tiles, int64_t panels, int64_t threads, const Cost& cost) {
  Grid best;
  double least = INFINITY;
  for (int64_t n = 1; n <= std::min(panels, threads); ++n) {
    for (int64_t m = 1; m <= std::min(row_tiles, threads); ++m) {
      const Grid grid = {m, n};
      const double found = cost(grid);
      if (found >= least) continue;
      least = found;
      best = grid;
    }
  }
  return best;
}

}  // namespace ingot::kernels::gemm
