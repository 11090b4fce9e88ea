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

// Immutable, used by many threads at once.
class Geometry {
 public:
  // Throws kInvalidArgument for operands that do not fit each other.
  explicit Geometry(const Problem& problem);

  // Keys that any query of the batch entry may see.
  int64_t seen_keys(const RunArgs& args, int64_t b) const noexcept;
  // Sets what of the row depends on the mask, for query `query` of head `h`, from key `key` on, of which `seen` may be
  // seen and `count` are at hand.
  void place(const RunArgs& args, int64_t b, int64_t h, int64_t query, int64_t key, int64_t seen, int64_t count,
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

  int64_t seen_ = 0;  // keys that the mask covers
  bool masked_ = false, boolean_mask_ = false, has_lengths_ = false;
  Shape mask_strides_;
};

}  // namespace ingot::kernels::attention
