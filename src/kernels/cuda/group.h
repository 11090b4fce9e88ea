// Pairs of steps that run as one kernel.
#pragma once
#include "kernels/cuda/device_row.h"

namespace ingot::kernels::cuda {

struct GroupRow {
  const char* name;  // cuda_<what>
  const char* doc;
  // Sizes all known. `second` is the first to read the only result of `first`, as its input 0.
  bool (*takes)(const Problem& first, const Problem& second, DType storage);
  // `views`: of the inputs of `first`, moved or dense; all else lies densely. Operands of `first` have Slot::before;
  // `kept`: whether its result is stored too.
  Emission (*emit)(const Problem& first, const Problem& second, DType storage, std::span<const OperandView> views,
                   bool kept);
  bool views = false;  // whether inputs of `first` may be moved
  bool keeps = false;  // whether its result may be read elsewhere too
};

std::span<const GroupRow> group_rows();

// Two 1x1 convolutions of one pixel, as squeeze-and-excite has them.
GroupRow two_products_row();
// A sum, or any pointwise step, and the norm of it.
GroupRow pointwise_norm_row();

}  // namespace ingot::kernels::cuda
