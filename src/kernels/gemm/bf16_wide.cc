// The loop nest over operands that are widened to f32: rows once for all panels, panels block by block.
#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/bf16_blocked.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kMostRows = 8;   // of a tile
constexpr int64_t kMostTaps = 32;  // of a block
constexpr int64_t kDepth = 512;    // of a block, about: L2 holds it beside rows of A

// Rows of so many floats do not meet in the same lines of L1.
int64_t wide_stride(int64_t depth) {
  constexpr int64_t kLine = 16;
  const int64_t lines = (depth + kLine - 1) / kLine;
  return (lines % 2 == 0 ? lines + 1 : lines) * kLine;
}

}  // namespace

void Bf16Gemm::cut_wide() {
  const int64_t depth = stored_.depth, per_tap = parts(depth, kDepth + kDepth / 2), units = depth / 2;
  if (per_tap > 1 || depth == 0) {
    for (int64_t tap = 0; tap < stored_.taps; ++tap) {
      for (int64_t i = 0; i < per_tap; ++i) {
        const int64_t first = units * i / per_tap * 2;
        wide_blocks_.push_back({tap, 1, first, units * (i + 1) / per_tap * 2 - first});
      }
    }
  } else {
    const int64_t most = std::clamp<int64_t>((kDepth + kDepth / 2) / depth, 1, kMostTaps);
    const int64_t count = parts(stored_.taps, most);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t first = stored_.taps * i / count;
      wide_blocks_.push_back({first, stored_.taps * (i + 1) / count - first, 0, depth});
    }
  }
  cuts_ = static_cast<int64_t>(wide_blocks_.size());
}

void Bf16Gemm::reserve_wide() {
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  wide_stride_ = wide_stride(stored_.elements());
  wide_rows_bytes_ = block_tiles_ * tiles_.shape.rows * wide_stride_ * kFloat;
  int64_t deepest = 0;
  for (const WideBlock& block : wide_blocks_) deepest = std::max(deepest, block.taps * block.depth);
  slot_bytes_ += wide_rows_bytes_ + deepest * tiles_.shape.columns() * kFloat;
}

// Whether every row of a tile reads zeros at a tap.
bool Bf16Gemm::is_nothing(const Bf16Product& product, const uint16_t* const* table, int64_t rows) const noexcept {
  return std::all_of(table, table + rows, [&](const uint16_t* row) { return row == product.zeros; });
}

void Bf16Gemm::widen_rows(const Bf16Product& product, int64_t rows, const Slot& slot) const noexcept {
  const int64_t tile_rows = tiles_.shape.rows;
  Bf16GatherArgs args;
  args.a_rows = tile_rows;
  args.taps = 1;
  args.depth = size_.depth;
  for (int64_t row = 0; row < rows; row += tile_rows) {
    args.rows = std::min(tile_rows, rows - row);
    args.a = slot.table + row * size_.taps;
    float* out = slot.wide + row * wide_stride_;
    for (int64_t tap = 0; tap < size_.taps; ++tap, args.a += tile_rows, out += stored_.depth) {
      if (!is_nothing(product, args.a, args.rows)) tiles_.wide->rows(args, out, wide_stride_);
    }
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
  const uint16_t* b = product.b + first_column * stored_.elements();
  float* wide_b = slot.wide + wide_rows_bytes_ / static_cast<int64_t>(sizeof(float));
  const float* a[kMostTaps * kMostRows];
  int64_t offsets[kMostTaps];
  TileArgs args;
  args.a = a;
  args.a_rows = tiles.rows;
  args.zeros = slot.sums;  // is no row
  args.b = wide_b;
  args.b_offsets = offsets;
  args.b_step = width;
  args.c_stride = columns;
  args.columns = std::min(columns, size_.n - first_column);
  for (int64_t cut = 0; cut < cuts_; ++cut) {
    const WideBlock& block = wide_blocks_[static_cast<size_t>(cut)];
    const int64_t depth = block.taps * block.depth, first = block.tap * stored_.depth + block.first;
    for (int64_t tap = 0; tap < block.taps; ++tap) offsets[tap] = tap * block.depth * width;
    tiles_.wide->units(b + first * width, depth / 2, width, wide_b);
    args.a_offset = block.first;
    args.taps = block.taps;
    args.depth = block.depth;
    args.accumulate = cut > 0;
    const bool last = cut + 1 == cuts_;
    const int64_t share = depth * width * static_cast<int64_t>(sizeof(uint16_t)) / parts(rows, tiles.rows);
    args.next = (last && panel + 1 == panels_) || depth == 0
                    ? nullptr
                    : reinterpret_cast<const char*>(b + (first + depth) * width);
    args.next_step = depth == 0 ? 0 : parts(share, depth);
    int64_t unseen = 0;  // first row that is not finished
    for (int64_t row = 0, count = 0; row < rows; row += count) {
      count = std::min<int64_t>(tiles.rows, rows - row);
      for (int64_t tap = 0; tap < block.taps; ++tap) {
        const int64_t at = block.tap + tap;
        const bool nothing = is_nothing(product, slot.table + row * size_.taps + at * tiles.rows, count);
        const float* wide = slot.wide + row * wide_stride_ + at * stored_.depth;
        for (int64_t r = 0; r < count; ++r) a[tap * tiles.rows + r] = nothing ? args.zeros : wide + r * wide_stride_;
      }
      args.c = slot.sums + (cuts_ > 1 ? row : row - unseen) * columns;
      tiles.tile(count, width / tiles.vector)(args);
      if (args.next != nullptr) args.next += share;
      const int64_t done = row + count;
      if (!last || (done < rows && done - unseen < kProgramTiles * tiles.rows)) continue;
      finish_wide(product, first_row + unseen, done - unseen, panel, slot.sums + (cuts_ > 1 ? unseen : 0) * columns);
      unseen = done;
    }
  }
}

}  // namespace ingot::kernels::gemm
