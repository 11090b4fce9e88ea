// Moves units [first, last) of a pass of one tap, of elements of 1, 2, 4 or 8 bytes.
#pragma once
#include "kernels/resize/resize.h"

namespace ingot::kernels::resize {

void copy_units(const ResizePass& pass, int64_t bytes, const std::byte* x, std::byte* y, int64_t first,
                int64_t last) noexcept;

}  // namespace ingot::kernels::resize
