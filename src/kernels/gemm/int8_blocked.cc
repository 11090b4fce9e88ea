#include "kernels/gemm/int8_blocked.h"

#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/int8_panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kTableEntries = 4096;  // row pointers handled at once
constexpr int64_t kProgramTiles = 4;     // row tiles whose sums, still in L1, are finished together
constexpr double kWorthAThread = 800e3;  // multiply-adds

}  // namespace

Int8Gemm::Int8Gemm(const Int8TileSet& tiles, const Int8Size& size, const Int8Epilogue& epilogue, const Target& target)
    : tiles_(tiles), size_(size), epilogue_(epilogue) {
  const int64_t rows = tiles.shape.rows;
  panels_ = panel_count(tiles.shape, size.n);
  row_tiles_ = (size.m + rows - 1) / rows;
  if (size.products == 0 || panels_ == 0 || row_tiles_ == 0) {
    size_.products = 0;
    return;
  }
  // The rows of A that half of L2 holds, so that they serve every panel.
  const int64_t held = target.l2_bytes / 2 / (std::max<int64_t>(1, size.row_bytes) * rows);
  const int64_t most = std::max<int64_t>(1, kTableEntries / (std::max<int64_t>(1, size.taps) * rows));
  const int64_t block = std::min(std::max<int64_t>(held, 8), most);
  block_tiles_ = parts(row_tiles_, parts(row_tiles_, block));
  share_out(target);
  table_bytes_ = round_up(block_tiles_ * rows * size.taps * static_cast<int64_t>(sizeof(uint8_t*)), 64);
  sums_bytes_ = epilogue.has_program() ? round_up(kProgramTiles * rows * tiles.shape.columns() * 4, 64) : 0;
  slot_bytes_ = table_bytes_ + sums_bytes_ + round_up(block_tiles_ * rows * size.patch_bytes, 64);
}

// The grid of parts with the fewest tiles on the busiest thread.
void Int8Gemm::share_out(const Target& target) {
  const double work = static_cast<double>(size_.products) * static_cast<double>(size_.m) *
                      static_cast<double>(size_.n) * static_cast<double>(size_.taps * size_.depth);
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  grid_ = least_grid(row_tiles_, panels_, threads, [&](Grid grid) {
    return static_cast<double>(parts(size_.products * grid.m * grid.n, threads) * parts(row_tiles_, grid.m) *
                               parts(panels_, grid.n));
  });
  slots_ = std::min(threads, size_.products * grid_.m * grid_.n);
}

void Int8Gemm::run(const Int8Source& source, std::byte* scratch, const Parallel& parallel) const noexcept {
  if (size_.products == 0) return;
  const int64_t units = size_.products * grid_.m * grid_.n;
  parallel.run(slots_, [&](int64_t index) {
    std::byte* at = scratch + index * slot_bytes_;
    const Slot slot = {reinterpret_cast<const uint8_t**>(at), reinterpret_cast<int32_t*>(at + table_bytes_),
                       reinterpret_cast<uint8_t*>(at + table_bytes_ + sums_bytes_)};
    for (int64_t unit = units * index / slots_; unit < units * (index + 1) / slots_; ++unit) {
      run_unit(source, unit, slot);
    }
  });
}

void Int8Gemm::run_unit(const Int8Source& source, int64_t unit, const Slot& slot) const noexcept {
  const int64_t part_m = unit % grid_.m, part_n = unit / grid_.m % grid_.n, index = unit / (grid_.m * grid_.n);
  const int64_t end = row_tiles_ * (part_m + 1) / grid_.m, tile_rows = tiles_.shape.rows;
  const Int8Product product = source.product(index);
  for (int64_t tile = row_tiles_ * part_m / grid_.m; tile < end; tile += block_tiles_) {
    const int64_t first = tile * tile_rows;
    const int64_t rows = std::min(std::min(end, tile + block_tiles_) * tile_rows, size_.m) - first;
    source.rows(index, first, rows, slot.table, slot.patches);
    for (int64_t panel = panels_ * part_n / grid_.n; panel < panels_ * (part_n + 1) / grid_.n; ++panel) {
      run_panel(product, first, rows, panel, slot);
    }
  }
}

void Int8Gemm::run_panel(const Int8Product& product, int64_t first_row, int64_t rows, int64_t panel,
                         const Slot& slot) const noexcept {
  const TileSet& shape = tiles_.shape;
  const int64_t first_column = panel * shape.columns(), width = panel_width(shape, size_.n, panel);
  const int64_t at_once = epilogue_.has_program() ? kProgramTiles * shape.rows : rows;
  Int8TileArgs args;
  args.a_rows = shape.rows;
  args.is_signed = size_.is_signed;
  args.b = reinterpret_cast<const int8_t*>(product.b) + first_column * size_.taps * units_of(size_.depth) * kUnit;
  args.b_step = kUnit * width;
  args.taps = size_.taps;
  args.depth = size_.depth;
  args.minus = product.minus + first_column;
  args.columns = std::min<int64_t>(shape.columns(), size_.n - first_column);
  args.c_stride = epilogue_.has_program() ? shape.columns() : size_.c_stride;
  for (int64_t first = 0; first < rows; first += at_once) {
    const int64_t end = std::min(rows, first + at_once), c_row = first_row + first;
    std::byte* c = product.c + (c_row * size_.c_stride + first_column) * epilogue_.result_bytes();
    int32_t* sums = epilogue_.has_program() ? slot.sums : reinterpret_cast<int32_t*>(c);
    for (int64_t row = first; row < end; row += shape.rows) {
      args.a = slot.table + row * size_.taps;
      args.c = sums + (row - first) * args.c_stride;
      tiles_.tile(std::min<int64_t>(shape.rows, end - row), width / shape.vector)(args);
    }
    if (!epilogue_.has_program()) continue;
    epilogue_.finish(sums, args.c_stride, c_row, end - first, first_column, args.columns, product.operands, c,
                     size_.c_stride);
  }
}

}  // namespace ingot::kernels::gemm
