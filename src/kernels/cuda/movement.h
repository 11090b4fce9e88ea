// What rows that move elements share with the runtime, which may leave them out.
#pragma once
#include <vector>

#include "ops/slice.h"

namespace ingot::kernels::cuda {

// One axis of a slice with its clamping done: elements start, start + step, ...
struct SliceRange {
  size_t axis = 0;
  int64_t start = 0, step = 1;
};
// `symbols` give the ranges their values.
std::vector<SliceRange> slice_ranges(const Slice& slice, const Shape& from, const SymbolValues& symbols);

}  // namespace ingot::kernels::cuda
