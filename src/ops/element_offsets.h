// Where the elements of a tensor of indices, one index per element, stand in the tensor they index.
#pragma once
#include "ops/indices.h"
#include "ops/strided_walk.h"

namespace ingot {

// Calls visit(i, offset) for element i of `indices`: `offset` is the element of a tensor of shape `x` at i's own
// coordinates with the one on `axis` replaced by the index. Throws kInvalidArgument when ranks or bounds do not fit.
template <class Visit>
void for_each_indexed_element(const Shape& x, const Tensor& indices, int64_t axis, Visit&& visit) {
  require_index_type(indices.dtype());
  const auto at = static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(x.size())));
  bool fits = indices.shape().size() == x.size();
  for (size_t i = 0; fits && i < x.size(); ++i) fits = i == at || indices.shape()[i] <= x[i];
  if (!fits && indices.count() > 0) {
    fail(Code::kInvalidArgument, "indices of shape {} do not fit {} on axis {}", shape_text(indices.shape()),
         shape_text(x), at);
  }
  Shape strides = row_major_strides(x);
  const int64_t step = strides[at];
  strides[at] = 0;
  StridedWalk<1> walk(indices.shape(), {strides});
  for (int64_t i = 0; i < indices.count(); ++i, walk.next()) {
    visit(i, walk.offset() + read_index(indices, i, x[at]) * step);
  }
}

}  // namespace ingot
