#include <algorithm>
#include <array>
#include <cmath>

#include "base/checked.h"
#include "kernels/attention/geometry.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::attention {
namespace {

constexpr int64_t kQueryTiles = 8;  // tiles of rows in a block of queries
constexpr int64_t kKeys = 128;      // keys in a tile, a multiple of every tile set's columns: values stay in L1
constexpr int64_t kMaxTileRows = 8;

class BoundAttention : public BoundKernel {
 public:
  BoundAttention(const gemm::TileSet& tiles, const Functions& functions, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  void pack_keys(const RunArgs& args, float* packed, int64_t task) const noexcept;
  void run_block(const RunArgs& args, const float* packed, int64_t index, const BlockMemory& memory) const noexcept;
  void multiply_scores(const float* q, const float* keys, int64_t rows, int64_t count, float* scores) const noexcept;
  void multiply_values(const float* scores, const float* values, int64_t rows, int64_t count,
                       float* results) const noexcept;
  int64_t head_floats() const { return key_floats_ + v_.length * width_; }

  const gemm::TileSet& tiles_;
  Functions functions_;
  Geometry geometry_;
  const HeadView &q_ = geometry_.q, &k_ = geometry_.k, &v_ = geometry_.v, &y_ = geometry_.y;
  int64_t query_rows_ = 0, key_tiles_ = 0;
  int64_t width_ = 0;       // of a packed row of values
  int64_t key_floats_ = 0;  // of the packed keys of a head
  int64_t slots_ = 1, packed_bytes_ = 0, slot_bytes_ = 0;
};

BoundAttention::BoundAttention(const gemm::TileSet& tiles, const Functions& functions, const Problem& problem,
                               const Target& target)
    : tiles_(tiles), functions_(functions), geometry_(problem) {
  query_rows_ = std::min<int64_t>(round_up(std::max<int64_t>(q_.length, 1), tiles.rows), kQueryTiles * tiles.rows);
  key_tiles_ = (k_.length + kKeys - 1) / kKeys;
  width_ = round_up(v_.size, tiles.vector);
  key_floats_ = gemm::packed_floats(tiles, k_.size, k_.length);
  slots_ = std::max<int64_t>(1, std::min<int64_t>(target.threads, geometry_.blocks(query_rows_)));
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  packed_bytes_ = round_up(k_.batch * k_.heads * head_floats() * kFloat, 64);
  slot_bytes_ = round_up(query_rows_ * (kKeys + width_ + 2) * kFloat, 64);
  scratch_bytes = static_cast<size_t>(packed_bytes_ + slots_ * slot_bytes_);
}

// Task i packs tile i % key_tiles_ of the keys and values of head i / key_tiles_.
void BoundAttention::pack_keys(const RunArgs& args, float* packed, int64_t task) const noexcept {
  const int64_t head = task / key_tiles_, b = head / k_.heads, h = head % k_.heads;
  const int64_t first = task % key_tiles_ * kKeys, end = std::min(first + kKeys, k_.length);
  float* keys = packed + head * head_floats();
  const float* k = static_cast<const float*>(args.inputs[kK]) + k_.at(b, h, 0);
  for (int64_t key = first; key < end; key += tiles_.columns()) {
    const int64_t width = gemm::panel_width(tiles_, k_.length, key / tiles_.columns());
    const int64_t count = std::min(width, k_.length - key);
    float* panel = keys + key * k_.size;
    tiles_.transpose(k + key * k_.row_stride, k_.row_stride, count, k_.size, panel, width);
    for (int64_t d = 0; count < width && d < k_.size; ++d) {
      std::fill(panel + d * width + count, panel + (d + 1) * width, 0.0f);
    }
  }
  const float* v = static_cast<const float*>(args.inputs[kV]) + v_.at(b, h, 0);
  for (int64_t key = first; key < end; ++key) {
    float* row = keys + key_floats_ + key * width_;
    std::copy_n(v + key * v_.row_stride, v_.size, row);
    std::fill(row + v_.size, row + width_, 0.0f);
  }
}

// scores [rows, kKeys] = q keys^T * scale for `count` keys.
void BoundAttention::multiply_scores(const float* q, const float* keys, int64_t rows, int64_t count,
                                     float* scores) const noexcept {
  std::array<const float*, kMaxTileRows> table;
  const int64_t offset = 0;
  gemm::TileArgs tile;
  tile.a = table.data();
  tile.b_offsets = &offset;
  tile.taps = 1;
  tile.depth = k_.size;
  tile.c_stride = kKeys;
  tile.finished = true;
  tile.finish.alpha = geometry_.scale;
  for (int64_t key = 0; key < count; key += tiles_.columns()) {
    tile.columns = std::min<int64_t>(tiles_.columns(), count - key);
    const int64_t vectors = (tile.columns + tiles_.vector - 1) / tiles_.vector;
    tile.b = keys + key * k_.size;
    tile.b_step = vectors * tiles_.vector;
    for (int64_t row = 0; row < rows; row += tiles_.rows) {
      tile.a_rows = std::min<int64_t>(tiles_.rows, rows - row);
      for (int64_t r = 0; r < tile.a_rows; ++r) table[static_cast<size_t>(r)] = q + (row + r) * q_.row_stride;
      tile.c = scores + row * kKeys + key;
      tiles_.tile(tile.a_rows, vectors)(tile);
    }
  }
}

// results [rows, width] += scores [rows, count] * values [count, width].
void BoundAttention::multiply_values(const float* scores, const float* values, int64_t rows, int64_t count,
                                     float* results) const noexcept {
  std::array<const float*, kMaxTileRows> table;
  const int64_t offset = 0;
  gemm::TileArgs tile;
  tile.a = table.data();
  tile.b_offsets = &offset;
  tile.b_step = tile.c_stride = width_;
  tile.taps = 1;
  tile.depth = count;
  tile.accumulate = true;
  for (int64_t column = 0; column < width_; column += tiles_.columns()) {
    tile.columns = std::min<int64_t>(tiles_.columns(), width_ - column);
    tile.b = values + column;
    for (int64_t row = 0; row < rows; row += tiles_.rows) {
      tile.a_rows = std::min<int64_t>(tiles_.rows, rows - row);
      for (int64_t r = 0; r < tile.a_rows; ++r) table[static_cast<size_t>(r)] = scores + (row + r) * kKeys;
      tile.c = results + row * width_ + column;
      tiles_.tile(tile.a_rows, tile.columns / tiles_.vector)(tile);
    }
  }
}

void BoundAttention::run_block(const RunArgs& args, const float* packed, int64_t index,
                               const BlockMemory& memory) const noexcept {
  const QueryBlock block = geometry_.block(args, query_rows_, index);
  const float* q = static_cast<const float*>(args.inputs[kQ]) + q_.at(block.b, block.h, block.first);
  const float* keys = packed + block.kv_head * head_floats();
  memory.begin(block.rows);
  for (int64_t key = 0; key < block.end; key += kKeys) {
    // Whole panels, as they are packed.
    const int64_t count = std::min(kKeys, k_.length - key);
    multiply_scores(q, keys + key * k_.size, block.rows, count, memory.scores);
    for (int64_t r = 0; r < block.rows; ++r) {
      ScoreRow row = memory.row(r);
      row.keys = count;
      geometry_.place(args, block, r, key, count, row);
      functions_.exponentials(row);
    }
    multiply_values(memory.scores, keys + key_floats_ + key * width_, block.rows, count, memory.results);
  }
  float* y = static_cast<float*>(args.outputs[0]) + y_.at(block.b, block.h, block.first);
  for (int64_t r = 0; r < block.rows; ++r) {
    if (geometry_.gives_zero(memory.sums[r])) {
      std::fill_n(y + r * y_.row_stride, v_.size, 0.0f);
      continue;
    }
    functions_.divide(memory.results + r * width_, memory.sums[r], v_.size, y + r * y_.row_stride);
  }
}

void BoundAttention::run(const RunArgs& args) const noexcept {
  const int64_t elements = y_.batch * y_.heads * y_.length * y_.size;
  if (elements == 0) return;
  if (k_.length == 0) {
    std::fill_n(static_cast<float*>(args.outputs[0]), elements, 0.0f);
    return;
  }
  auto* packed = reinterpret_cast<float*>(args.scratch);
  args.parallel.run(k_.batch * k_.heads * key_tiles_, [&](int64_t task) { pack_keys(args, packed, task); });
  const int64_t blocks = geometry_.blocks(query_rows_);
  args.parallel.run(slots_, [&](int64_t i) {
    auto* scores = reinterpret_cast<float*>(args.scratch + packed_bytes_ + i * slot_bytes_);
    float* results = scores + query_rows_ * kKeys;
    float* largest = results + query_rows_ * width_;
    const BlockMemory memory{scores, results, largest, largest + query_rows_, kKeys, width_};
    for (int64_t block = blocks * i / slots_; block < blocks * (i + 1) / slots_; ++block) {
      run_block(args, packed, block, memory);
    }
  });
}

}  // namespace

std::unique_ptr<BoundKernel> bind_attention(const gemm::TileSet& tiles, const Functions& functions,
                                            const Problem& problem, const Target& target) {
  return std::make_unique<BoundAttention>(tiles, functions, problem, target);
}

}  // namespace ingot::kernels::attention
