// Products of integers of 8 bits, ops/matmul_integer: y = epilogue((A - a_zero) B) with sums of i32, exact on every ISA
// level.
//
// Inputs: 0 A [..., m, k] (u8 or i8), 1 B [k, n] (i8), constant and packed (gemm/int8_panels.h); 2 a_zero (one number;
// may be absent), 3 b_zero: absent, 4.. operands of the epilogue, f32 or integers of 8 bits. The result is i32 without
// an epilogue, else f32 or integers of 8 bits. (A - a_zero) B = A B - a_zero * (sums of B's columns): the packed form
// has those sums.
#pragma once
#include "kernels/gemm/int8_tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::gemm {

// Nanoseconds on one core for `products` products.
double int8_tiles_cost(const Int8TileSet& tiles, double products, int64_t m, int64_t n, int64_t taps, int64_t depth,
                       const Target& target);
// minus[column] = zero * (sum of the column), for `columns` stored columns; `zero` of a signed A counts from -128.
void subtract_zero(const int32_t* column_sums, int64_t columns, int32_t zero, int32_t* minus) noexcept;
// The zero point at `data` (null: 0) of an A as tiles read it.
int32_t zero_of_tiles(DType dtype, const void* data) noexcept;

const char* refuse_int8_matmul(const Problem& problem);
std::unique_ptr<BoundKernel> bind_int8_matmul(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem,
                                              const Target& target);
Tensor pack_int8_matmul(const Int8TileSet& tiles, const Problem& problem, const Tensor& weights);

}  // namespace ingot::kernels::gemm
