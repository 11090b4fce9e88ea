// Elements of any numeric type as integers of the same order, for operators that compare.
#pragma once
#include <vector>

#include "tensor/tensor.h"

namespace ingot {

// One key per element: a < b exactly when element a is less than b; equal elements (0 and -0 too) have equal keys;
// NaN is above everything. Throws kUnsupported for strings and complex numbers.
std::vector<int64_t> sort_keys(const Tensor& tensor);

}  // namespace ingot
