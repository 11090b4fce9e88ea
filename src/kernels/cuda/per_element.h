// Kernels with a thread for every element of a space.
#pragma once
#include "kernels/cuda/device_row.h"

namespace ingot::kernels::cuda {

// `body` sees the element's number in row-major order as t and its position as i0, i1, ...
KernelText per_element(const Shape& space, std::string parameters, const std::string& body);
// Elements of `type` in 16 bytes, or the most of half, a quarter, ... of them that divide `count`.
int64_t vector_width(DType type, int64_t count);

}  // namespace ingot::kernels::cuda
