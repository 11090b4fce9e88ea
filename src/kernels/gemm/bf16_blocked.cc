#include "kernels/gemm/bf16_blocked.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kTableEntries = 4096;  // row pointers handled at once
constexpr int64_t kProgramTiles = 4;     // row tiles whose sums, still in L1, a program runs on
constexpr double kWorthAThread = 400e3;  // multiply-adds

int64_t parts(int64_t size, int64_t largest) { return std::max<int64_t>(1, (size + largest - 1) / largest); }

}  // namespace

Bf16Gemm::Bf16Gemm(const Bf16TileSet& tiles, const Bf16Size& size, const Bf16Epilogue& epilogue, const Target& target)
    : tiles_(tiles), size_(size), epilogue_(epilogue) {
  const int64_t rows = tiles.shape.rows;
  panels_ = panel_count(tiles.shape, size.n);
  row_tiles_ = (size.m + rows - 1) / rows;
  if (size.products == 0 || panels_ == 0 || row_tiles_ == 0) {
    size_.products = 0;
    return;
  }
  // The rows of A that half of L2 holds, so that they serve every panel.
  int64_t block = target.l2_bytes / 2 / (std::max<int64_t>(1, size.row_elements) * 2 * rows);
  block = std::clamp<int64_t>(block, 8, 64);
  block = std::min(block, std::max<int64_t>(1, kTableEntries / (std::max<int64_t>(1, size.taps) * rows)));
  block_tiles_ = (row_tiles_ + parts(row_tiles_, block) - 1) / parts(row_tiles_, block);
  share_out(target);
  table_bytes_ = round_up(block_tiles_ * rows * size.taps * static_cast<int64_t>(sizeof(uint16_t*)), 64);
  sums_bytes_ = epilogue.has_program() ? kProgramTiles * rows * tiles.shape.columns() * 4 : 0;
  slot_bytes_ = table_bytes_ + sums_bytes_ + round_up(block_tiles_ * rows * size.patch_elements * 2, 64);
}

// Finds the grid of parts with the least work on the busiest thread; at equal work, the fewest parts.
void Bf16Gemm::share_out(const Target& target) {
  const double work = static_cast<double>(size_.products) * static_cast<double>(size_.m) *
                      static_cast<double>(size_.n) * static_cast<double>(size_.taps * size_.depth);
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  double best = INFINITY;
  for (int64_t n = 1; n <= std::min(panels_, threads); ++n) {
    for (int64_t m = 1; m <= std::min(row_tiles_, threads); ++m) {
      const int64_t units = size_.products * m * n;
      const double busiest = static_cast<double>(parts(units, threads)) * static_cast<double>(parts(row_tiles_, m)) *
                             static_cast<double>(parts(panels_, n));
      const double cost = busiest * (1 + 0.001 * static_cast<double>(m + n));
      if (cost >= best) continue;
      best = cost;
      units_m_ = m;
      units_n_ = n;
    }
  }
  slots_ = std::min(threads, size_.products * units_m_ * units_n_);
}

void Bf16Gemm::run(const Bf16Source& source, std::byte* scratch, const Parallel& parallel) const noexcept {
  if (size_.products == 0) return;
  const int64_t units = size_.products * units_m_ * units_n_;
  parallel.run(slots_, [&](int64_t index) {
    std::byte* at = scratch + index * slot_bytes_;
    const Slot slot = {reinterpret_cast<const uint16_t**>(at), reinterpret_cast<float*>(at + table_bytes_),
                       reinterpret_cast<uint16_t*>(at + table_bytes_ + sums_bytes_)};
    for (int64_t unit = units * index / slots_; unit < units * (index + 1) / slots_; ++unit) {
      run_unit(source, unit, slot);
    }
  });
}

void Bf16Gemm::run_unit(const Bf16Source& source, int64_t unit, const Slot& slot) const noexcept {
  const int64_t part_m = unit % units_m_, part_n = unit / units_m_ % units_n_, index = unit / (units_m_ * units_n_);
  const int64_t end = row_tiles_ * (part_m + 1) / units_m_, tile_rows = tiles_.shape.rows;
  const Bf16Product product = source.product(index);
  for (int64_t tile = row_tiles_ * part_m / units_m_; tile < end; tile += block_tiles_) {
    const int64_t first = tile * tile_rows;
    const int64_t rows = std::min(std::min(end, tile + block_tiles_) * tile_rows, size_.m) - first;
    source.rows(index, first, rows, slot.table, slot.patches);
    for (int64_t panel = panels_ * part_n / units_n_; panel < panels_ * (part_n + 1) / units_n_; ++panel) {
      run_panel(product, first, rows, panel, slot);
    }
  }
}

void Bf16Gemm::run_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                         const Slot& slot) const noexcept {
  const TileSet& shape = tiles_.shape;
  const int64_t first_column = panel * shape.columns(), width = panel_width(shape, size_.n, panel);
  const int64_t result_bytes = epilogue_.result_bytes();
  Bf16TileArgs args;
  args.a_rows = shape.rows;
  args.b = product.b + first_column * size_.taps * unit_depth(size_.depth);
  args.b_step = 2 * width;
  args.taps = size_.taps;
  args.depth = size_.depth;
  args.columns = std::min<int64_t>(shape.columns(), size_.n - first_column);
  args.finish = product.finish;
  if (args.finish.bias != nullptr) args.finish.bias += first_column;
  args.c_stride = epilogue_.has_program() ? shape.columns() : size_.c_stride;
  int64_t waiting = 0;  // first row whose sums the program has not seen
  for (int64_t row = 0; row < rows; row += shape.rows) {
    const int64_t count = std::min<int64_t>(shape.rows, rows - row);
    args.a = slot.table + row * size_.taps;
    std::byte* c = product.c + ((first_row + row) * size_.c_stride + first_column) * result_bytes;
    if (epilogue_.has_program()) {
      args.wide = slot.sums + (row - waiting) * shape.columns();
    } else {
      args.narrow = reinterpret_cast<uint16_t*>(c);
    }
    tiles_.tile(count, width / shape.vector)(args);
    const int64_t done = row + count;
    if (!epilogue_.has_program() || (done < rows && done - waiting < kProgramTiles * shape.rows)) continue;
    c = product.c + ((first_row + waiting) * size_.c_stride + first_column) * result_bytes;
    epilogue_.finish_rows(slot.sums, shape.columns(), first_row + waiting, done - waiting, first_column, args.columns,
                          product.operands.data(), c, size_.c_stride);
    waiting = done;
  }
}

}  // namespace ingot::kernels::gemm
