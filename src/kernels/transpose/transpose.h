// Transposition: a strided copy whose inner loop, where no run is contiguous on both sides, moves square blocks.
#pragma once
#include "kernels/copy/strided_copy.h"

namespace ingot::kernels {

// Blocks in registers: 8x8 of 4 bytes, 4x4 of 8, 8x8 of 2; other sizes and edges by plain code.
namespace avx2 {
void transpose_block(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride, int64_t rows,
                     int64_t columns, int64_t bytes);
}

}  // namespace ingot::kernels
