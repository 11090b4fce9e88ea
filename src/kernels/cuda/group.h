// Pairs of steps that run as one kernel.
#pragma once
#include "kernels/cuda/device_row.h"

namespace ingot::kernels::cuda {

struct GroupRow {
  const char* name;  // cuda_<what>
  const char* doc;
  // Sizes all known, operands dense. `second` alone reads the only result of `first`, as its input 0.
  bool (*takes)(const Problem& first, const Problem& second);
  // Operands of `first` have Slot::before; its result has no memory.
  Emission (*emit)(const Problem& first, const Problem& second, DType storage);
};

std::span<const GroupRow> group_rows();

// Two 1x1 convolutions of one pixel, as squeeze-and-excite has them.
GroupRow two_products_row();

}  // namespace ingot::kernels::cuda
