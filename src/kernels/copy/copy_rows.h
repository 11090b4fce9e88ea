// Copies rows of few bytes that lie apart.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ingot::kernels {

// `rows` pieces of `bytes` bytes from `from_stride` bytes apart to `to_stride` bytes apart. No alignment is asked for;
// source and destination must not overlap.
void copy_rows(const std::byte* from, int64_t from_stride, int64_t rows, int64_t bytes, std::byte* to,
               int64_t to_stride) noexcept;

}  // namespace ingot::kernels
