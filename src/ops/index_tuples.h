// Rows of indices that name slices of a tensor, as GatherND and ScatterND use them.
#pragma once
#include "ops/indices.h"

namespace ingot {

// indices [..., k] against `x`, whose first `batch` axes are the batch: row r names the slice at `offset(r)` of
// `slice` elements. Throws kInvalidArgument when ranks do not fit; offset() when an index lies outside.
class IndexTuples {
 public:
  IndexTuples(const Shape& x, const Tensor& indices, int64_t batch) : x_(x), indices_(indices) {
    require_index_type(indices.dtype());
    const int64_t rank = static_cast<int64_t>(x.size());
    if (indices.rank() == 0 || batch < 0 || batch >= indices.rank() || batch + indices.shape().back() > rank) {
      fail(Code::kInvalidArgument, "indices of shape {} do not fit {} with {} batch axes", shape_text(indices.shape()),
           shape_text(x), batch);
    }
    first_ = static_cast<size_t>(batch);
    width_ = static_cast<size_t>(indices.shape().back());
    rows = element_count(std::span(indices.shape()).first(indices.shape().size() - 1));
    slice = element_count(std::span(x).subspan(first_ + width_));
    int64_t batches = 1;
    for (size_t i = 0; i < first_; ++i) {
      if (x[i] != indices.shape()[i]) {
        fail(Code::kInvalidArgument, "batch axes of {} and {} differ", shape_text(x), shape_text(indices.shape()));
      }
      batches *= x[i];
    }
    rows_per_batch_ = batches > 0 ? rows / batches : 0;
    strides_ = row_major_strides(x);
    batch_stride_ = first_ > 0 ? strides_[first_ - 1] : 0;
  }

  int64_t rows = 0, slice = 0;

  int64_t offset(int64_t row) const {
    int64_t offset = first_ > 0 ? row / rows_per_batch_ * batch_stride_ : 0;
    for (size_t i = 0; i < width_; ++i) {
      const int64_t at = row * static_cast<int64_t>(width_) + static_cast<int64_t>(i);
      offset += read_index(indices_, at, x_[first_ + i]) * strides_[first_ + i];
    }
    return offset;
  }

 private:
  const Shape& x_;
  const Tensor& indices_;
  size_t first_ = 0, width_ = 0;
  int64_t rows_per_batch_ = 0, batch_stride_ = 0;
  Shape strides_;
};

}  // namespace ingot
