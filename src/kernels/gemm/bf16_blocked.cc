#include "kernels/gemm/bf16_blocked.h"

#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/bf16_gather.h"
#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kTableEntries = 4096;     // row pointers handled at once
constexpr double kBytesPerNanosecond = 15;  // of a core, from a cache that all share
constexpr double kWorthAThread = 1000;      // nanoseconds

}  // namespace

Bf16Gemm::Bf16Gemm(const Bf16TileSet& tiles, const Bf16Size& size, const Bf16Epilogue& epilogue, const Target& target)
    : tiles_(tiles), size_(size), stored_(stored_depth(tiles, size.taps, size.depth)), epilogue_(epilogue) {
  const int64_t rows = tiles.shape.rows;
  panels_ = panel_count(tiles.shape, size.n);
  row_tiles_ = (size.m + rows - 1) / rows;
  if (size.products == 0 || panels_ == 0 || row_tiles_ == 0) {
    size_.products = 0;
    return;
  }
  cut_rows(target);
  share_out(target);
  const bool blocks = tiles.blocks != nullptr, shared = !size_.shared_lines.empty();
  if (shared) halo_ = *std::max_element(size_.shared_lines.begin(), size_.shared_lines.end());
  if (!shared) table_bytes_ = round_up(block_tiles_ * rows * size.taps * static_cast<int64_t>(sizeof(uint16_t*)), 64);
  const bool wide = tiles.wide != nullptr;
  if (wide) cut_wide();
  const int64_t tiles_of_sums = cuts_ > 1 ? std::max(block_tiles_ + 1, kProgramTiles) : kProgramTiles;
  sums_bytes_ = blocks || wide || !epilogue.plain() ? tiles_of_sums * rows * tiles.shape.columns() * 4 : 0;
  patches_bytes_ = round_up(block_tiles_ * rows * size.patch_elements * 2, 64);
  if (shared) map_bytes_ = round_up((block_tiles_ * rows + stored_.elements() / kBlockDepth) * 4, 64);
  slot_bytes_ = table_bytes_ + sums_bytes_ + patches_bytes_ + map_bytes_ + gathered_bytes();
  if (wide) reserve_wide();
}

int64_t Bf16Gemm::gathered_bytes() const {
  if (tiles_.blocks == nullptr) return 0;
  if (size_.shared_lines.empty()) return block_tiles_ * gathered_elements(stored_.elements()) * 2;
  return (block_tiles_ * kBlockRows + halo_) * size_.depth * 2;
}

// The rows of A and of the result that half of L2 holds, so that the rows serve every panel.
void Bf16Gemm::cut_rows(const Target& target) {
  const int64_t rows = tiles_.shape.rows;
  const int64_t least = tiles_.blocks != nullptr ? 4 : 8;
  const bool shared = !size_.shared_lines.empty();
  const int64_t elements = tiles_.blocks != nullptr ? row_of_a() + size_.n
                           : tiles_.wide != nullptr ? 2 * stored_.elements()
                                                    : size_.row_elements;
  int64_t block = target.l2_bytes / 2 / (std::max<int64_t>(1, elements) * 2 * rows);
  block = std::clamp<int64_t>(block, least, kMostTiles);
  if (!shared) block = std::min(block, std::max<int64_t>(1, kTableEntries / (std::max<int64_t>(1, size_.taps) * rows)));
  block_tiles_ = (row_tiles_ + parts(row_tiles_, block) - 1) / parts(row_tiles_, block);
}

// Elements of A that a row adds to what is read.
int64_t Bf16Gemm::row_of_a() const {
  if (tiles_.blocks == nullptr) return size_.row_elements;
  return size_.shared_lines.empty() ? stored_.elements() : size_.depth;
}

// Finds the grid of parts with the least time on the busiest thread: its products, and reading its rows and panels,
// which lie in no cache of its own.
void Bf16Gemm::share_out(const Target& target) {
  const auto depth = static_cast<double>(stored_.elements()), of_row = static_cast<double>(row_of_a());
  const auto nanoseconds = [&](double rows, double columns) {
    return 2 * rows * columns * depth / tiles_.shape.gflops +
           2 * (rows * of_row + columns * depth) / kBytesPerNanosecond;
  };
  const double alone =
      static_cast<double>(size_.products) * nanoseconds(static_cast<double>(size_.m), static_cast<double>(size_.n));
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(alone / kWorthAThread), 1, target.threads);
  grid_ = least_grid(row_tiles_, panels_, threads, [&](Grid grid) {
    const auto rows = static_cast<double>(parts(row_tiles_, grid.m) * tiles_.shape.rows);
    const auto columns = static_cast<double>(parts(panels_, grid.n) * tiles_.shape.columns());
    return static_cast<double>(parts(size_.products * grid.m * grid.n, threads)) * nanoseconds(rows, columns);
  });
  slots_ = std::min(threads, size_.products * grid_.m * grid_.n);
}

void Bf16Gemm::run(const Bf16Source& source, std::byte* scratch, const Parallel& parallel) const noexcept {
  if (size_.products == 0) return;
  const int64_t units = size_.products * grid_.m * grid_.n;
  parallel.run(slots_, [&](int64_t index) {
    std::byte* at = scratch + index * slot_bytes_;
    const Slot slot = {reinterpret_cast<const uint16_t**>(at),
                       reinterpret_cast<float*>(at + table_bytes_),
                       reinterpret_cast<uint16_t*>(at + table_bytes_ + sums_bytes_),
                       reinterpret_cast<uint16_t*>(at + table_bytes_ + sums_bytes_ + patches_bytes_ + map_bytes_),
                       reinterpret_cast<int32_t*>(at + table_bytes_ + sums_bytes_ + patches_bytes_),
                       reinterpret_cast<float*>(at + table_bytes_ + sums_bytes_ + patches_bytes_)};
    if (tiles_.blocks != nullptr) tiles_.blocks->begin();
    for (int64_t unit = units * index / slots_; unit < units * (index + 1) / slots_; ++unit) {
      run_unit(source, unit, slot);
    }
    if (tiles_.blocks != nullptr) tiles_.blocks->end();
  });
}

void Bf16Gemm::run_unit(const Bf16Source& source, int64_t unit, const Slot& slot) const noexcept {
  const int64_t part_m = unit % grid_.m, part_n = unit / grid_.m % grid_.n, index = unit / (grid_.m * grid_.n);
  const int64_t end = row_tiles_ * (part_m + 1) / grid_.m, tile_rows = tiles_.shape.rows;
  const Bf16Product product = source.product(index);
  Blocks blocks;
  for (int64_t tile = row_tiles_ * part_m / grid_.m; tile < end; tile += block_tiles_) {
    const int64_t first = tile * tile_rows;
    const int64_t rows = std::min(std::min(end, tile + block_tiles_) * tile_rows, size_.m) - first;
    if (!size_.shared_lines.empty()) {
      finish_waiting(blocks);  // by the map that comes to an end
      place_lines(source, index, first, rows, slot, blocks.rows);
    } else {
      source.rows(index, first, rows, slot.table, slot.patches);
      if (tiles_.blocks != nullptr) place_rows(rows, slot, blocks.rows);
      if (tiles_.wide != nullptr) widen_rows(product, rows, slot);
    }
    for (int64_t panel = panels_ * part_n / grid_.n; panel < panels_ * (part_n + 1) / grid_.n; ++panel) {
      if (tiles_.blocks != nullptr) {
        run_block_panel(product, first, rows, panel, slot, blocks);
      } else if (tiles_.wide != nullptr) {
        run_wide_panel(product, first, rows, panel, slot);
      } else {
        run_panel(product, first, rows, panel, slot);
      }
    }
  }
  finish_waiting(blocks);
}

void Bf16Gemm::run_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                         const Slot& slot) const noexcept {
  const TileSet& shape = tiles_.shape;
  const int64_t first_column = panel * shape.columns(), width = panel_width(shape, size_.n, panel);
  Bf16TileArgs args;
  args.a_rows = shape.rows;
  if (tiles_.groups) args.a_offset = first_column;
  args.zeros = product.zeros;
  args.b = product.b + first_column * stored_.elements();
  args.b_step = 2 * width;
  args.taps = size_.taps;
  args.depth = size_.depth;
  args.columns = std::min<int64_t>(shape.columns(), size_.n - first_column);
  args.c_stride = epilogue_.plain() ? size_.c_stride : shape.columns();
  if (epilogue_.plain())
    return run_plain_panel(args, width / shape.vector, finish_of(product, first_row, panel), rows, slot);
  int64_t unseen = 0;  // first row whose sums the program has not seen
  for (int64_t row = 0; row < rows; row += shape.rows) {
    const int64_t count = std::min<int64_t>(shape.rows, rows - row);
    args.a = slot.table + row * size_.taps;
    FinishArgs finish = finish_of(product, first_row + row, panel);
    if (epilogue_.has_program()) args.finish = finish.finish;
    args.wide = slot.sums + (row - unseen) * shape.columns();
    tiles_.tile(count, width / shape.vector)(args);
    const int64_t done = row + count;
    if (!epilogue_.has_program()) {
      finish.sums = args.wide;
      finish.rows = count;
      finish.finish_rows();
      unseen = done;
    } else if (done == rows || done - unseen >= kProgramTiles * shape.rows) {
      finish_panel(product, first_row + unseen, done - unseen, panel, slot.sums);
      unseen = done;
    }
  }
}

// Tiles make the results themselves.
void Bf16Gemm::run_plain_panel(Bf16TileArgs& args, int64_t vectors, const FinishArgs& finish, int64_t rows,
                               const Slot& slot) const noexcept {
  const int64_t tile_rows = tiles_.shape.rows;
  args.finish = finish.finish;
  args.addend = finish.addend;
  args.narrow = finish.narrow;
  for (int64_t row = 0; row < rows; row += tile_rows) {
    args.a = slot.table + row * size_.taps;
    tiles_.tile(std::min(tile_rows, rows - row), vectors)(args);
    args.narrow += tile_rows * args.c_stride;
    if (args.addend.at != nullptr) args.addend.at += tile_rows * args.addend.stride;
  }
}

// Runs the program on sums of consecutive rows.
void Bf16Gemm::finish_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                            const float* sums) const noexcept {
  const int64_t width = tiles_.shape.columns(), first_column = panel * width;
  std::byte* c = product.c + (first_row * size_.c_stride + first_column) * epilogue_.result_bytes();
  epilogue_.finish_rows(sums, width, first_row, rows, first_column, std::min(width, size_.n - first_column),
                        product.operands.data(), c, size_.c_stride);
}

// Few panels read rows where they lie; more are worth a copy in the order of reading.
void Bf16Gemm::place_rows(int64_t rows, const Slot& slot, BlockRows& placed) const noexcept {
  constexpr int64_t kFewPanels = 8;
  uint16_t* to = slot.gathered;
  for (int64_t row = 0; row < rows; row += kBlockRows, to += gathered_elements(stored_.elements())) {
    const uint16_t* const* table = slot.table + row * size_.taps;
    const int64_t count = std::min(kBlockRows, rows - row);
    Bf16Rows& block = placed[static_cast<size_t>(row / kBlockRows)];
    const bool few = panels_ / grid_.n <= kFewPanels;
    block = few ? rows_in_place(table, count, size_.taps, size_.depth) : Bf16Rows();
    if (block.at != nullptr) continue;
    tiles_.blocks->gather({table, kBlockRows, count, size_.taps, size_.depth, stored_.elements(), to});
    block = gathered(to);
  }
}

void Bf16Gemm::place_lines(const Bf16Source& source, int64_t index, int64_t first, int64_t rows, const Slot& slot,
                           BlockRows& placed) const noexcept {
  const int64_t stride = round_up(rows, kBlockRows) + halo_, depth_parts = size_.depth / kBlockDepth;
  source.lines(index, first, rows + halo_, stride, slot.gathered);
  source.results(first, rows, slot.row_map);
  int32_t* part = slot.row_map + block_tiles_ * kBlockRows;
  const int32_t* part_offsets = part;
  for (const int64_t line : size_.shared_lines) {
    for (int64_t d = 0; d < depth_parts; ++d) *part++ = static_cast<int32_t>((d * stride + line) * kBlockDepth);
  }
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    placed[static_cast<size_t>(row / kBlockRows)] = {slot.gathered + row * kBlockDepth, kBlockDepth,
                                                     kHalfRows * kBlockDepth, 0, part_offsets};
  }
}

// How a panel's rows from `first_row` on are finished; without sums and their number of rows.
FinishArgs Bf16Gemm::finish_of(const Bf16Product& product, int64_t first_row, int64_t panel) const noexcept {
  const int64_t columns = tiles_.shape.columns(), first_column = panel * columns;
  FinishArgs finish;
  finish.sums_stride = columns;
  finish.columns = std::min(columns, size_.n - first_column);
  epilogue_.describe(product, first_row, first_column, size_.c_stride, finish);
  return finish;
}

void Bf16Gemm::finish_waiting(Blocks& blocks) const noexcept {
  if (blocks.waiting) blocks.waiting->finish_rows();
  blocks.waiting.reset();
}

// Multiplies, and finishes meanwhile the sums that wait.
void Bf16Gemm::multiply_block(Bf16BlockArgs& args, Blocks& blocks) const noexcept {
  args.meanwhile = blocks.waiting ? &*blocks.waiting : nullptr;
  tiles_.blocks->multiply(args);
  blocks.waiting.reset();
}

// The depth is never cut: sums that leave the matrix unit and come back cost more than a panel that L1 does not hold.
void Bf16Gemm::run_block_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                               const Slot& slot, Blocks& blocks) const noexcept {
  constexpr int64_t kRing = 2;
  const int64_t columns = tiles_.shape.columns(), depth = stored_.elements(), block_sums = kBlockRows * columns;
  const int64_t width = panel_width(tiles_.shape, size_.n, panel), tiles = parts(rows, kBlockRows);
  const int64_t first_done = blocks.done;
  Bf16BlockArgs args;
  args.b = product.b + panel * columns * depth;
  args.b_step = 2 * width;
  args.vectors = width / tiles_.shape.vector;
  args.depth = depth;
  // The next panel, a share with every block of rows.
  const uint16_t* ahead = args.b + depth * width;
  const int64_t ahead_elements = panel + 1 < panels_ ? depth * panel_width(tiles_.shape, size_.n, panel + 1) : 0;
  int64_t unseen = 0;  // first row whose sums the program has not seen
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    const int64_t tile = row / kBlockRows;
    args.a = blocks.rows[static_cast<size_t>(tile)];
    args.rows = std::min(kBlockRows, rows - row);
    args.sums =
        slot.sums + (epilogue_.has_program() ? (row - unseen) / kBlockRows : (first_done + tile) % kRing) * block_sums;
    args.next = ahead + ahead_elements * tile / tiles;
    args.next_end = ahead + ahead_elements * (tile + 1) / tiles;
    multiply_block(args, blocks);
    blocks.waiting = finish_of(product, size_.shared_lines.empty() ? first_row + row : 0, panel);
    if (!size_.shared_lines.empty()) blocks.waiting->row_map = slot.row_map + row;
    blocks.waiting->sums = args.sums;
    blocks.waiting->rows = args.rows;
    ++blocks.done;
    if (!epilogue_.has_program()) continue;
    finish_waiting(blocks);
    const int64_t done = row + args.rows;
    if (done < rows && done - unseen < kProgramTiles * kBlockRows) continue;
    finish_panel(product, first_row + unseen, done - unseen, panel, slot.sums);
    unseen = done;
  }
}

}  // namespace ingot::kernels::gemm
