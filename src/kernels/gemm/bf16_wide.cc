// The loop nest over operands that are widened to f32: rows once for all panels, panels block by block.
#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/bf16_blocked.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kMostRows = 8;  // of a tile

// Rows of so many floats do not meet in the same lines of L1.
int64_t wide_stride(int64_t depth) {
  constexpr int64_t kLine = 16;
  const int64_t lines = (depth + kLine - 1) / kLine;
  return (lines % 2 == 0 ? lines + 1 : lines) * kLine;
}

}  // namespace

void Bf16Gemm::reserve_wide() {
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  wide_stride_ = wide_stride(stored_.elements());
  wide_rows_bytes_ = block_tiles_ * tiles_.shape.rows * wide_stride_ * kFloat;
  const int64_t deepest = (stored_.elements() / 2 + cuts_ - 1) / cuts_ * 2;
  slot_bytes_ += wide_rows_bytes_ + deepest * tiles_.shape.columns() * kFloat;
}

void Bf16Gemm::widen_rows(int64_t rows, const Slot& slot) const noexcept {
  const int64_t tile_rows = tiles_.shape.rows;
  for (int64_t row = 0; row < rows; row += tile_rows) {
    Bf16GatherArgs args;
    args.a = slot.table + row * size_.taps;
    args.a_rows = tile_rows;
    args.rows = std::min(tile_rows, rows - row);
    args.taps = size_.taps;
    args.depth = size_.depth;
    tiles_.wide->rows(args, slot.wide + row * wide_stride_, wide_stride_);
  }
}

void Bf16Gemm::finish_wide(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                           float* sums) const noexcept {
  FinishArgs finish = finish_of(product, first_row, panel);
  finish.sums = sums;
  finish.rows = rows;
  finish.finish_rows();
  if (epilogue_.has_program()) finish_panel(product, first_row, rows, panel, sums);
}

void Bf16Gemm::run_wide_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                              const Slot& slot) const noexcept {
  const TileSet& tiles = *tiles_.wide->tiles;
  const int64_t columns = tiles.columns(), first_column = panel * columns, width = panel_width(tiles, size_.n, panel);
  const int64_t units = stored_.elements() / 2, offset = 0;
  const uint16_t* b = product.b + first_column * stored_.elements();
  float* wide_b = slot.wide + wide_rows_bytes_ / static_cast<int64_t>(sizeof(float));
  const float* a[kMostRows];
  TileArgs args;
  args.a = a;
  args.a_rows = tiles.rows;
  args.b = wide_b;
  args.b_offsets = &offset;
  args.b_step = width;
  args.taps = 1;
  args.c_stride = columns;
  args.columns = std::min(columns, size_.n - first_column);
  for (int64_t cut = 0; cut < cuts_; ++cut) {
    const int64_t first = units * cut / cuts_, end = units * (cut + 1) / cuts_;
    tiles_.wide->units(b + first * 2 * width, end - first, width, wide_b);
    args.a_offset = 2 * first;
    args.depth = 2 * (end - first);
    args.accumulate = cut > 0;
    const bool last = panel + 1 == panels_ && cut + 1 == cuts_;
    const int64_t tiles_of_rows = (rows + tiles.rows - 1) / tiles.rows;
    const int64_t share = (end - first) * 2 * width * static_cast<int64_t>(sizeof(uint16_t)) / tiles_of_rows;
    args.next = last || args.depth == 0 ? nullptr : reinterpret_cast<const char*>(b + end * 2 * width);
    args.next_step = args.depth == 0 ? 0 : (share + args.depth - 1) / args.depth;
    int64_t unseen = 0;  // first row that is not finished
    for (int64_t row = 0, count = 0; row < rows; row += count) {
      count = std::min<int64_t>(tiles.rows, rows - row);
      for (int64_t r = 0; r < count; ++r) a[r] = slot.wide + (row + r) * wide_stride_;
      args.c = slot.sums + (cuts_ > 1 ? row : row - unseen) * columns;
      tiles.tile(count, width / tiles.vector)(args);
      if (args.next != nullptr) args.next += share;
      const int64_t done = row + count;
      if (cut + 1 < cuts_ || (done < rows && done - unseen < kProgramTiles * tiles.rows)) continue;
      finish_wide(product, first_row + unseen, done - unseen, panel, slot.sums + (cuts_ > 1 ? unseen : 0) * columns);
      unseen = done;
    }
  }
}

}  // namespace ingot::kernels::gemm
