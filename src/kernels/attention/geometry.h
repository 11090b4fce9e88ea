// The operands of an attention step as heads, and which keys a query sees.
#pragma once
#include "kernels/attention/attention.h"
#include "ops/attention.h"

namespace ingot::kernels::attention {

enum Input : size_t { kQ, kK, kV, kMask, kPastK, kPastV, kLengths };

// An operand as [batch, heads, length, size], size contiguous; strides in elements.
struct HeadView {
  int64_t batch = 0, heads = 0, length = 0, size = 0;
  int64_t batch_stride = 0, head_stride = 0, row_stride = 0;
  int64_t at(int64_t b, int64_t h, int64_t i) const { return b * batch_stride + h * head_stride + i * row_stride; }
};

// Queries that are run together, of one head.
struct QueryBlock {
  int64_t b = 0, h = 0, kv_head = 0;  // kv_head: among those of all batch entries
  int64_t first = 0, rows = 0;        // of the queries
  int64_t seen = 0, end = 0;          // keys that a query of the batch entry, and one of the block, may see
};

// Memory of one thread for a block: scores of a tile of keys and what is known of the keys before it.
struct BlockMemory {
  float *scores, *results, *largest, *sums;
  int64_t score_stride, width;  // of scores and of results

  // Nothing is known yet.
  void begin(int64_t rows) const noexcept;
  ScoreRow row(int64_t index) const noexcept;
};

// Immutable, used by many threads at once.
class Geometry {
 public:
  // Throws kInvalidArgument for operands that do not fit each other.
  explicit Geometry(const Problem& problem);

  int64_t blocks(int64_t query_rows) const { return q.batch * q.heads * blocks_of_head(query_rows); }
  // Block `index` of those of `query_rows` queries.
  QueryBlock block(const RunArgs& args, int64_t query_rows, int64_t index) const noexcept;
  // Sets what of the row depends on the mask, for query `query` of the block, from key `key` on, of which `count` are
  // at hand.
  void place(const RunArgs& args, const QueryBlock& block, int64_t query, int64_t key, int64_t count,
             ScoreRow& row) const noexcept;
  // Whether a query whose exponentials add up to `sum` gives zeros.
  bool gives_zero(float sum) const noexcept {
    // The sum of a query that sees a key is at least 1, or NaN.
    return (op.unseen_is_zero && sum == 0) || (op.nan_is_zero && !(sum > 0));
  }

  Attention op;
  HeadView q, k, v, y;
  float scale = 1;

 private:
  void check(const Problem& problem) const;
  void bind_mask(const Problem& problem);
  int64_t blocks_of_head(int64_t query_rows) const { return (q.length + query_rows - 1) / query_rows; }
  int64_t seen_keys(const RunArgs& args, int64_t b) const noexcept;

  int64_t seen_ = 0;  // keys that the mask covers
  bool masked_ = false, boolean_mask_ = false, has_lengths_ = false;
  Shape mask_strides_;
};

}  // namespace ingot::kernels::attention
