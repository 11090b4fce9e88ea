#include "kernels/gemm/blocked.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kDepthBlock = 384;         // rows of a B panel that stay in L2 beside A
constexpr int64_t kLargeL2 = 2 << 20;        // of bytes: keeps twice as many
constexpr int64_t kTableEntries = 4096;      // row pointers handled at once
constexpr int64_t kProgramFloats = 1024;     // finished floats, still in L1, that a program runs on
constexpr int64_t kChunkFloats = 256 << 10;  // of the B of segments read together
constexpr double kWorthAThread = 200e3;      // multiply-adds

}  // namespace

BlockedGemm::BlockedGemm(const TileSet& tiles, const BlockedSize& size, StoredB stored, int64_t b_stride,
                         const RowProgram* program, const Target& target)
    : tiles_(tiles), size_(size), stored_(stored), b_stride_(b_stride), program_(program) {
  cut_columns();
  row_tiles_ = (size.m + tiles.rows - 1) / tiles.rows;
  if (size.products == 0 || panels_ == 0 || row_tiles_ == 0) {
    size_.products = 0;
    return;
  }
  cut_depth(target);
  cut_rows(target);
  share_out(target);
  int64_t deepest = 0;
  for (const DepthBlock& block : blocks_) deepest = std::max(deepest, block.depth);
  const auto bytes = [](int64_t floats) { return round_up(floats * static_cast<int64_t>(sizeof(float)), 64); };
  table_bytes_ = round_up(block_tiles_ * tiles.rows * size.taps * static_cast<int64_t>(sizeof(float*)), 64);
  packed_bytes_ = stored == StoredB::kPanels ? 0 : bytes(deepest * tiles.columns());
  slot_bytes_ = table_bytes_ + packed_bytes_ + bytes(block_tiles_ * tiles.rows * size.patch_floats);
}

void BlockedGemm::cut_columns() {
  const auto add_offsets = [&](int64_t width) {
    std::vector<int64_t> offsets;
    for (int64_t tap = 0; tap < size_.taps; ++tap) offsets.push_back(tap * size_.depth * width);
    tap_offsets_.push_back(std::move(offsets));
  };
  add_offsets(tiles_.columns());
  const auto add = [&](int64_t segment, int64_t n) {
    const int64_t count = panel_count(tiles_, n);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t first = i * tiles_.columns();
      const bool last = i + 1 == count;
      columns_.push_back({segment, first, std::min<int64_t>(tiles_.columns(), n - first), panel_width(tiles_, n, i),
                          last ? tap_offsets_.size() : 0});
      if (last) add_offsets(columns_.back().width);
    }
  };
  if (size_.segments.empty()) add(0, size_.n);
  for (size_t i = 0; i < size_.segments.size(); ++i) add(static_cast<int64_t>(i), size_.segments[i].n);
  panels_ = static_cast<int64_t>(columns_.size());
}

// A block is part of one tap, or several whole taps.
void BlockedGemm::cut_depth(const Target& target) {
  const int64_t most = target.l2_bytes >= kLargeL2 ? 3 * kDepthBlock : kDepthBlock + kDepthBlock / 2;
  const int64_t per_tap = parts(size_.depth, most);
  if (per_tap > 1 || size_.depth == 0) {
    for (int64_t tap = 0; tap < size_.taps; ++tap) {
      for (int64_t i = 0; i < per_tap; ++i) {
        const int64_t first = size_.depth * i / per_tap;
        blocks_.push_back({tap, 1, first, size_.depth * (i + 1) / per_tap - first});
      }
    }
    return;
  }
  const int64_t count = parts(size_.taps, std::max<int64_t>(1, most / size_.depth));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = size_.taps * i / count;
    blocks_.push_back({first, size_.taps * (i + 1) / count - first, 0, size_.depth});
  }
}

// The rows of A that half of L2 holds, so that they serve every panel; when B is packed on the way, more.
void BlockedGemm::cut_rows(const Target& target) {
  const int64_t floats = std::max<int64_t>(1, size_.row_floats > 0 ? size_.row_floats : size_.taps * size_.depth);
  int64_t tiles = target.l2_bytes / 2 / (floats * 4 * tiles_.rows);
  tiles = std::clamp<int64_t>(tiles, 8, 64);
  if (stored_ != StoredB::kPanels) tiles = 256;
  tiles = std::min(tiles, std::max<int64_t>(1, kTableEntries / (std::max<int64_t>(1, size_.taps) * tiles_.rows)));
  block_tiles_ = (row_tiles_ + parts(row_tiles_, tiles) - 1) / parts(row_tiles_, tiles);
}

// Finds the grid of parts with the least work on the busiest thread; at equal work, the fewest parts.
void BlockedGemm::share_out(const Target& target) {
  double columns = 0;
  for (const Panel& panel : columns_) columns += static_cast<double>(panel.columns);
  const double work = static_cast<double>(size_.products) * size_.m * columns * size_.taps * size_.depth;
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  grid_ = least_grid(row_tiles_, panels_, threads, [&](Grid grid) {
    const int64_t units = size_.products * grid.m * grid.n;
    const double busiest = static_cast<double>(parts(units, threads)) * static_cast<double>(parts(row_tiles_, grid.m)) *
                           static_cast<double>(parts(panels_, grid.n));
    const double repacking = stored_ == StoredB::kPanels ? 0 : 0.05 * static_cast<double>(grid.m);
    return busiest * (1 + 0.001 * static_cast<double>(grid.m + grid.n) + repacking);
  });
  slots_ = std::min(threads, size_.products * grid_.m * grid_.n);
}

void BlockedGemm::run(const Source& source, std::byte* scratch, const Parallel& parallel) const noexcept {
  if (size_.products == 0) return;
  const int64_t units = size_.products * grid_.m * grid_.n;
  parallel.run(slots_, [&](int64_t index) {
    const Slot slot = slot_at(scratch + index * slot_bytes_);
    for (int64_t unit = units * index / slots_; unit < units * (index + 1) / slots_; ++unit) {
      run_unit(source, unit, slot);
    }
  });
}

void BlockedGemm::run_rows(const Source& source, int64_t index, int64_t rows, std::byte* scratch) const noexcept {
  if (size_.products > 0) run_part(source, index, 0, rows, 0, panels_, slot_at(scratch));
}

BlockedGemm::Slot BlockedGemm::slot_at(std::byte* scratch) const noexcept {
  return {reinterpret_cast<const float**>(scratch), reinterpret_cast<float*>(scratch + table_bytes_),
          reinterpret_cast<float*>(scratch + table_bytes_ + packed_bytes_)};
}

void BlockedGemm::run_unit(const Source& source, int64_t unit, const Slot& slot) const noexcept {
  const int64_t part_m = unit % grid_.m, part_n = unit / grid_.m % grid_.n, index = unit / (grid_.m * grid_.n);
  const int64_t first = row_tiles_ * part_m / grid_.m * tiles_.rows;
  const int64_t end = std::min(row_tiles_ * (part_m + 1) / grid_.m * tiles_.rows, size_.m);
  run_part(source, index, first, end, panels_ * part_n / grid_.n, panels_ * (part_n + 1) / grid_.n, slot);
}

// Rows [first, end) of the panels; `first` at a whole tile.
void BlockedGemm::run_part(const Source& source, int64_t index, int64_t first, int64_t end, int64_t panel,
                           int64_t end_panel, const Slot& slot) const noexcept {
  const int64_t block = block_tiles_ * tiles_.rows;
  while (panel < end_panel) {
    const int64_t end_chunk = end_of_chunk(panel, end_panel);
    for (int64_t row = first; row < end; row += block) {
      run_block(source, index, row, std::min(block, end - row), panel, end_chunk, slot);
    }
    panel = end_chunk;
  }
}

// Every block of rows reads the panels [panel, end of chunk) again: whole segments, as many as stay in the last cache.
int64_t BlockedGemm::end_of_chunk(int64_t panel, int64_t end) const noexcept {
  if (size_.segments.empty()) return end;
  int64_t floats = 0;
  for (int64_t i = panel; i < end; ++i) {
    const Panel& each = columns_[static_cast<size_t>(i)];
    if (each.first == 0 && floats > kChunkFloats) return i;
    floats += each.width * size_.taps * size_.depth;
  }
  return end;
}

void BlockedGemm::run_block(const Source& source, int64_t index, int64_t first, int64_t rows, int64_t panel,
                            int64_t end_panel, const Slot& slot) const noexcept {
  source.rows(index, first, rows, slot.table, slot.patches);
  Product product;
  int64_t current = -1;
  while (panel < end_panel) {
    const Panel& columns = columns_[static_cast<size_t>(panel)];
    const int64_t wanted = size_.segments.empty() ? index : columns.segment;
    if (wanted != current) product = source.product(wanted);
    current = wanted;
    if (rows == 1 && stands_beside_others(panel, end_panel)) {
      run_row(product, first, columns, slot);
      panel += kRowPanels;
    } else {
      run_panel(product, first, rows, columns, slot);
      ++panel;
    }
  }
}

// Whether the panel and those after it make up a row tile.
bool BlockedGemm::stands_beside_others(int64_t panel, int64_t end) const noexcept {
  if (tiles_.row_tile == nullptr || stored_ != StoredB::kPanels || panel + kRowPanels > end) return false;
  const Panel &first = columns_[static_cast<size_t>(panel)],
              &last = columns_[static_cast<size_t>(panel + kRowPanels - 1)];
  return first.segment == last.segment && last.columns == tiles_.columns();
}

void BlockedGemm::run_row(const Product& product, int64_t row, const Panel& first, const Slot& slot) const noexcept {
  Panel panel = first;
  panel.columns = kRowPanels * tiles_.columns();
  TileArgs args;
  args.a_rows = tiles_.rows;
  args.c = product.c + row * c_stride(panel) + panel.first;
  args.finish = product.finish;
  if (args.finish.bias != nullptr) args.finish.bias += row * args.finish.bias_stride + panel.first;
  if (args.finish.addend != nullptr) args.finish.addend += row * args.finish.addend_stride + panel.first;
  for (const DepthBlock& block : blocks_) {
    args.a = slot.table + block.tap * tiles_.rows;
    place_block(panel, block, args);
    place_b(product, panel, block, 1, args, slot);
    tiles_.row_tile(args, size_.taps * size_.depth * panel.width);
  }
  if (program(panel) != nullptr) run_program(product, row, 1, panel);
}

// Sets b, b_step and b_offsets; packs the block when the tile cannot read it where it is.
void BlockedGemm::place_b(const Product& product, const Panel& panel, const DepthBlock& block, int64_t rows,
                          TileArgs& args, const Slot& slot) const noexcept {
  const int64_t first = panel.first, width = panel.width;
  args.b_step = width;
  args.b_offsets = tap_offsets_[panel.offsets].data();
  if (stored_ == StoredB::kPanels) {
    args.b_offsets += block.tap;
    args.b = product.b + first * size_.taps * size_.depth + block.first * width;
    return;
  }
  const bool whole = args.columns == width;
  args.b = slot.packed;
  if (stored_ == StoredB::kColumns) {
    tiles_.transpose(product.b + first * b_stride_ + block.first, b_stride_, args.columns, block.depth, slot.packed,
                     width);
  } else if (whole && (b_stride_ == width || rows <= 2 * tiles_.rows)) {
    args.b = product.b + block.first * b_stride_ + first;
    args.b_step = b_stride_;
    return;
  } else {
    const float* from = product.b + block.first * b_stride_ + first;
    for (int64_t d = 0; d < block.depth; ++d) {
      std::memcpy(slot.packed + d * width, from + d * b_stride_, static_cast<size_t>(args.columns) * sizeof(float));
    }
  }
  for (int64_t d = 0; d < block.depth && !whole; ++d) {
    std::fill(slot.packed + d * width + args.columns, slot.packed + (d + 1) * width, 0.0f);
  }
}

void BlockedGemm::place_block(const Panel& panel, const DepthBlock& block, TileArgs& args) const noexcept {
  args.a_offset = block.first + panel.segment * size_.segment_step;
  args.taps = block.taps;
  args.depth = block.depth;
  args.accumulate = &block != &blocks_.front();
  args.finished = &block == &blocks_.back();
}

// What follows the block in memory, up to the end of the packed B.
NextB BlockedGemm::next_b(const Panel& panel, const DepthBlock& block, int64_t rows,
                          const TileArgs& args) const noexcept {
  const bool last_panel = panel.offsets != 0;
  const int64_t floats = block.taps * block.depth * panel.width;
  if (stored_ != StoredB::kPanels || floats == 0 || (last_panel && &block == &blocks_.back())) return {};
  return NextB(args.b + args.b_offsets[0] + floats, floats * 4, parts(rows, tiles_.rows));
}

// A tile of few rows waits for its sums: two of nearly half a tile take less time than a whole one and such a rest.
// Tables with several taps are cut at whole tiles.
int64_t BlockedGemm::rows_of_tile(int64_t rest) const noexcept {
  const int64_t most = tiles_.rows;
  return size_.taps == 1 && rest > most && rest <= most + most / 2 ? (rest + 1) / 2 : std::min(rest, most);
}

void BlockedGemm::run_panel(const Product& product, int64_t first_row, int64_t rows, const Panel& panel,
                            const Slot& slot) const noexcept {
  TileArgs args;
  args.a_rows = tiles_.rows;
  args.zeros = product.zeros;
  args.c_stride = c_stride(panel);
  args.columns = panel.columns;
  const int64_t vectors = panel.width / tiles_.vector, first_column = panel.first;
  for (const DepthBlock& block : blocks_) {
    place_b(product, panel, block, rows, args, slot);
    place_block(panel, block, args);
    args.finish = product.finish;
    NextB next = next_b(panel, block, rows, args);
    int64_t unprocessed = 0;
    for (int64_t row = 0, count = 0; row < rows; row += count) {
      const int64_t at = first_row + row;
      count = rows_of_tile(rows - row);
      next.fetch_with(args, args.taps * args.depth);
      args.a = slot.table + row * size_.taps + block.tap * tiles_.rows;
      args.c = product.c + at * args.c_stride + first_column;
      const TileFinish& finish = product.finish;
      if (finish.bias != nullptr) args.finish.bias = finish.bias + at * finish.bias_stride + first_column;
      if (finish.addend != nullptr) args.finish.addend = finish.addend + at * finish.addend_stride + first_column;
      tiles_.tile(count, vectors)(args);
      if (!args.finished || program(panel) == nullptr) continue;
      const int64_t done = row + count;
      if ((done - unprocessed) * args.columns < kProgramFloats && done < rows) continue;
      run_program(product, first_row + unprocessed, done - unprocessed, panel);
      unprocessed = done;
    }
  }
}

void BlockedGemm::run_program(const Product& product, int64_t first_row, int64_t rows,
                              const Panel& panel) const noexcept {
  std::array<RowOperand, kMaxOperands> operands = product.operands;
  for (RowOperand& operand : operands) {
    operand.data += first_row * operand.row_stride + panel.first * operand.column_stride;
  }
  const int64_t stride = c_stride(panel);
  program(panel)->run({product.c + first_row * stride + panel.first, stride, rows, panel.columns}, operands.data());
}

}  // namespace ingot::kernels::gemm
