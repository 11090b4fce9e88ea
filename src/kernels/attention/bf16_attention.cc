#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "kernels/attention/geometry.h"
#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::attention {
namespace {

constexpr int64_t kKeys = 256;  // keys in a tile, a multiple of every tile set's columns
constexpr int64_t kMaxTileRows = 8;
constexpr int64_t kQueryRows = 64;  // least queries of a block, where there are as many

// Elements of two rows by turns; as words, which compilers turn into vectors.
void join(const uint16_t* even, const uint16_t* odd, int64_t count, uint16_t* out) {
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t both = even[i] | static_cast<uint32_t>(odd[i]) << 16;
    std::memcpy(out + 2 * i, &both, sizeof(both));
  }
}

// K^T and V of a head as panels of bf16 (gemm/bf16_panels.h): all keys are columns of one matrix of depth `size`;
// values of each tile of keys are a matrix of `keys` rows, padded with zeros.
class BoundBf16Attention : public BoundKernel {
 public:
  BoundBf16Attention(const gemm::Bf16TileSet& tiles, const Functions& functions, const Problem& problem,
                     const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  // For the queries of a block also: what is left of the scores in bf16 [kKeys], a part of the results [width_], and
  // the queries [depth_], copied where blocks read them.
  struct Slot : BlockMemory {
    float* part;
    uint16_t *weights, *queries;
  };
  Slot slot_at(std::byte* memory) const noexcept;
  void pack(const RunArgs& args, uint16_t* packed, int64_t task) const noexcept;
  void pack_keys(const uint16_t* k, int64_t count, uint16_t* out) const noexcept;
  void pack_values(const uint16_t* v, int64_t count, uint16_t* out) const noexcept;
  void run_block(const RunArgs& args, const uint16_t* packed, int64_t index, const Slot& slot) const noexcept;
  void copy_queries(const uint16_t* q, int64_t rows, const Slot& slot) const noexcept;
  void multiply_scores(const uint16_t* q, const uint16_t* keys, int64_t rows, int64_t count,
                       const Slot& slot) const noexcept;
  void multiply_values(const uint16_t* values, int64_t rows, int64_t count, bool first,
                       const Slot& slot) const noexcept;
  // C [rows, columns] in f32 = A * panels of B; or C += A * B, for blocks alone.
  struct Product {
    const uint16_t* a;
    int64_t a_stride, rows, depth;  // depth: elements that count
    const uint16_t* b;
    int64_t columns;
    float* c;
    int64_t c_stride;
    bool accumulate;
    float alpha;
  };
  void multiply(const Product& product) const noexcept;
  void multiply_blocks(const Product& product) const noexcept;
  int64_t stored(int64_t depth) const { return gemm::stored_depth(tiles_, 1, depth).elements(); }
  int64_t tile_values() const { return stored(kKeys) * width_; }
  int64_t head_elements() const { return key_elements_ + value_tiles_ * tile_values(); }

  const gemm::Bf16TileSet& tiles_;
  Functions functions_;
  Geometry geometry_;
  const HeadView &q_ = geometry_.q, &k_ = geometry_.k, &v_ = geometry_.v, &y_ = geometry_.y;
  int64_t depth_ = 0;  // of keys and queries, as stored
  int64_t query_rows_ = 0, value_tiles_ = 0;
  int64_t width_ = 0;         // of values, in whole vectors
  int64_t key_elements_ = 0;  // of the packed keys of a head
  int64_t slots_ = 1, packed_bytes_ = 0, slot_bytes_ = 0;
};

BoundBf16Attention::BoundBf16Attention(const gemm::Bf16TileSet& tiles, const Functions& functions,
                                       const Problem& problem, const Target& target)
    : tiles_(tiles), functions_(functions), geometry_(problem) {
  const int64_t rows = tiles.shape.rows;
  depth_ = stored(q_.size);
  query_rows_ = std::min(round_up(std::max<int64_t>(q_.length, 1), rows), round_up(kQueryRows, rows));
  value_tiles_ = (k_.length + kKeys - 1) / kKeys;
  width_ = round_up(v_.size, tiles.shape.vector);
  key_elements_ = gemm::packed_elements(tiles, 1, k_.size, k_.length);
  slots_ = std::max<int64_t>(1, std::min<int64_t>(target.threads, geometry_.blocks(query_rows_)));
  packed_bytes_ = round_up(k_.batch * k_.heads * head_elements() * 2, 64);
  const int64_t floats = kKeys + 2 * width_ + 2, narrow = kKeys + depth_;
  slot_bytes_ = round_up(query_rows_ * (floats * 4 + narrow * 2), 64);
  scratch_bytes = static_cast<size_t>(packed_bytes_ + slots_ * slot_bytes_);
}

BoundBf16Attention::Slot BoundBf16Attention::slot_at(std::byte* memory) const noexcept {
  Slot slot;
  slot.score_stride = kKeys;
  slot.width = width_;
  slot.scores = reinterpret_cast<float*>(memory);
  slot.results = slot.scores + query_rows_ * kKeys;
  slot.part = slot.results + query_rows_ * width_;
  slot.weights = reinterpret_cast<uint16_t*>(slot.part + query_rows_ * width_);
  slot.queries = slot.weights + query_rows_ * kKeys;
  slot.largest = reinterpret_cast<float*>(slot.queries + query_rows_ * depth_);
  slot.sums = slot.largest + query_rows_;
  return slot;
}

// Task i packs the keys and the values of tile i % value_tiles_ of head i / value_tiles_.
void BoundBf16Attention::pack(const RunArgs& args, uint16_t* packed, int64_t task) const noexcept {
  const int64_t head = task / value_tiles_, b = head / k_.heads, h = head % k_.heads, tile = task % value_tiles_;
  const int64_t first = tile * kKeys, count = std::min(kKeys, k_.length - first);
  uint16_t* keys = packed + head * head_elements();
  const auto* k = static_cast<const uint16_t*>(args.inputs[kK]) + k_.at(b, h, first);
  pack_keys(k, count, keys + first * depth_);
  const auto* v = static_cast<const uint16_t*>(args.inputs[kV]) + v_.at(b, h, first);
  pack_values(v, count, keys + key_elements_ + tile * tile_values());
}

// A multiple of a panel comes before a tile, so its columns are a matrix of their own. Two neighbours in depth are
// moved as if they were one f32.
void BoundBf16Attention::pack_keys(const uint16_t* k, int64_t count, uint16_t* out) const noexcept {
  if (k_.size % 2 != 0 || k_.row_stride % 2 != 0) {
    gemm::pack_bf16_panels(tiles_, k, {0, 1, k_.row_stride}, 1, k_.size, count, out);
    return;
  }
  for (int64_t panel = 0; panel < gemm::panel_count(tiles_.shape, count); ++panel) {
    const int64_t first = panel * tiles_.shape.columns(), width = gemm::panel_width(tiles_.shape, count, panel);
    const int64_t columns = std::min(width, count - first);
    if (columns < width) std::fill_n(out, depth_ * width, uint16_t{0});
    gemm::transpose_avx2(reinterpret_cast<const float*>(k + first * k_.row_stride), k_.row_stride / 2, columns,
                         k_.size / 2, reinterpret_cast<float*>(out), width);
    std::fill(out + k_.size * width, out + depth_ * width, uint16_t{0});
    out += depth_ * width;
  }
}

void BoundBf16Attention::pack_values(const uint16_t* v, int64_t count, uint16_t* out) const noexcept {
  const int64_t depth = stored(count);
  for (int64_t panel = 0; panel < gemm::panel_count(tiles_.shape, v_.size); ++panel) {
    const int64_t first = panel * tiles_.shape.columns(), width = gemm::panel_width(tiles_.shape, v_.size, panel);
    const int64_t columns = std::min(width, v_.size - first);
    for (int64_t key = 0; key < depth; key += 2, out += 2 * width) {
      const uint16_t* even = v + key * v_.row_stride + first;
      if (columns < width || key >= count) std::fill_n(out, 2 * width, uint16_t{0});
      if (key + 1 < count) {
        join(even, even + v_.row_stride, columns, out);
      } else if (key < count) {
        for (int64_t column = 0; column < columns; ++column) out[2 * column] = even[column], out[2 * column + 1] = 0;
      }
    }
  }
}

void BoundBf16Attention::multiply_blocks(const Product& p) const noexcept {
  const int64_t depth = stored(p.depth);
  gemm::Bf16BlockArgs block;
  block.depth = depth;
  block.sums_stride = p.c_stride;
  block.accumulate = p.accumulate;
  const uint16_t* b = p.b;
  for (int64_t column = 0; column < p.columns; column += tiles_.shape.columns()) {
    block.vectors =
        (std::min<int64_t>(tiles_.shape.columns(), p.columns - column) + tiles_.shape.vector - 1) / tiles_.shape.vector;
    const int64_t width = block.vectors * tiles_.shape.vector;
    block.b = b;
    block.b_step = 2 * width;
    b += depth * width;
    for (int64_t row = 0; row < p.rows; row += tiles_.shape.rows) {
      block.rows = std::min<int64_t>(tiles_.shape.rows, p.rows - row);
      block.a = {p.a + row * p.a_stride, p.a_stride, gemm::kHalfRows * p.a_stride, gemm::kBlockDepth};
      block.sums = p.c + row * p.c_stride + column;
      tiles_.blocks->multiply(block);
    }
  }
}

void BoundBf16Attention::multiply(const Product& p) const noexcept {
  if (tiles_.blocks != nullptr) return multiply_blocks(p);
  std::array<const uint16_t*, kMaxTileRows> table;
  gemm::Bf16TileArgs tile;
  tile.a = table.data();
  tile.taps = 1;
  tile.depth = p.depth;
  tile.c_stride = p.c_stride;
  tile.finish.alpha = p.alpha;
  const uint16_t* b = p.b;
  for (int64_t column = 0; column < p.columns; column += tiles_.shape.columns()) {
    tile.columns = std::min<int64_t>(tiles_.shape.columns(), p.columns - column);
    const int64_t vectors = (tile.columns + tiles_.shape.vector - 1) / tiles_.shape.vector;
    tile.b = b;
    tile.b_step = 2 * vectors * tiles_.shape.vector;
    b += stored(p.depth) * vectors * tiles_.shape.vector;
    for (int64_t row = 0; row < p.rows; row += tiles_.shape.rows) {
      tile.a_rows = std::min<int64_t>(tiles_.shape.rows, p.rows - row);
      for (int64_t r = 0; r < tile.a_rows; ++r) table[static_cast<size_t>(r)] = p.a + (row + r) * p.a_stride;
      tile.wide = p.c + row * p.c_stride + column;
      tiles_.tile(tile.a_rows, vectors)(tile);
    }
  }
}

// Blocks read whole parts of a row, and 16 rows at a time.
void BoundBf16Attention::copy_queries(const uint16_t* q, int64_t rows, const Slot& slot) const noexcept {
  for (int64_t row = 0; row < query_rows_; ++row) {
    uint16_t* to = slot.queries + row * depth_;
    const int64_t count = row < rows ? q_.size : 0;
    if (count > 0) std::copy_n(q + row * q_.row_stride, count, to);
    std::fill(to + count, to + depth_, uint16_t{0});
  }
}

// scores [rows, kKeys] = q keys^T for `count` keys; scaled where tiles do so at no cost.
void BoundBf16Attention::multiply_scores(const uint16_t* q, const uint16_t* keys, int64_t rows, int64_t count,
                                         const Slot& slot) const noexcept {
  const bool copied = tiles_.blocks != nullptr;
  multiply({copied ? slot.queries : q, copied ? depth_ : q_.row_stride, rows, q_.size, keys, count, slot.scores, kKeys,
            false, geometry_.scale});
}

// results [rows, width] = or += weights [rows, count] * values [count, width].
void BoundBf16Attention::multiply_values(const uint16_t* values, int64_t rows, int64_t count, bool first,
                                         const Slot& slot) const noexcept {
  const bool apart = !first && tiles_.blocks == nullptr;
  multiply({slot.weights, kKeys, rows, stored(count), values, width_, apart ? slot.part : slot.results, width_, !first,
            1.0f});
  for (int64_t i = 0; apart && i < rows * width_; ++i) slot.results[i] += slot.part[i];
}

void BoundBf16Attention::run_block(const RunArgs& args, const uint16_t* packed, int64_t index,
                                   const Slot& slot) const noexcept {
  const QueryBlock block = geometry_.block(args, query_rows_, index);
  const uint16_t* q = static_cast<const uint16_t*>(args.inputs[kQ]) + q_.at(block.b, block.h, block.first);
  const uint16_t* keys = packed + block.kv_head * head_elements();
  if (tiles_.blocks != nullptr) copy_queries(q, block.rows, slot);
  slot.begin(block.rows);
  for (int64_t key = 0; key < block.end; key += kKeys) {
    const int64_t count = std::min(kKeys, k_.length - key);
    multiply_scores(q, keys + key * depth_, block.rows, count, slot);
    for (int64_t r = 0; r < block.rows; ++r) {
      ScoreRow row = slot.row(r);
      row.narrow = slot.weights + r * kKeys;
      row.keys = stored(count);
      if (tiles_.blocks != nullptr) row.scale = geometry_.scale;
      geometry_.place(args, block, r, key, count, row);
      functions_.narrow_exponentials(row);
    }
    multiply_values(keys + key_elements_ + key / kKeys * tile_values(), block.rows, count, key == 0, slot);
  }
  auto* y = static_cast<uint16_t*>(args.outputs[0]) + y_.at(block.b, block.h, block.first);
  for (int64_t r = 0; r < block.rows; ++r) {
    if (geometry_.gives_zero(slot.sums[r])) {
      std::fill_n(y + r * y_.row_stride, v_.size, uint16_t{0});
    } else {
      functions_.divide_narrow(slot.results + r * width_, slot.sums[r], v_.size, y + r * y_.row_stride);
    }
  }
}

void BoundBf16Attention::run(const RunArgs& args) const noexcept {
  const int64_t elements = y_.batch * y_.heads * y_.length * y_.size;
  if (elements == 0) return;
  if (k_.length == 0) {
    std::fill_n(static_cast<uint16_t*>(args.outputs[0]), elements, uint16_t{0});
    return;
  }
  auto* packed = reinterpret_cast<uint16_t*>(args.scratch);
  args.parallel.run(k_.batch * k_.heads * value_tiles_, [&](int64_t task) { pack(args, packed, task); });
  const int64_t blocks = geometry_.blocks(query_rows_);
  args.parallel.run(slots_, [&](int64_t i) {
    const Slot slot = slot_at(args.scratch + packed_bytes_ + i * slot_bytes_);
    if (tiles_.blocks != nullptr) tiles_.blocks->begin();
    for (int64_t block = blocks * i / slots_; block < blocks * (i + 1) / slots_; ++block) {
      run_block(args, packed, block, slot);
    }
    if (tiles_.blocks != nullptr) tiles_.blocks->end();
  });
}

}  // namespace

std::unique_ptr<BoundKernel> bind_bf16_attention(const gemm::Bf16TileSet& tiles, const Functions& functions,
                                                 const Problem& problem, const Target& target) {
  return std::make_unique<BoundBf16Attention>(tiles, functions, problem, target);
}

}  // namespace ingot::kernels::attention
