// Matrix multiplication, ops/matmul: y = epilogue(alpha * op(A) op(B) + bias), f32, batched with broadcasting.
//
// Inputs: 0 A [..., m, k], 1 B [..., k, n] (either transposed), 2 bias (may be absent), 3.. operands of the epilogue.
// A constant B is packed (gemm/panels.h), one matrix after the other; any other B is packed into scratch on the way or
// read in place. Pointers need the alignment of their elements only. Equal bits at every thread count.
#pragma once
#include "kernels/gemm/gemv.h"
#include "kernels/gemm/panels.h"
#include "kernels/kernel.h"
#include "ops/fused.h"
#include "ops/matmul.h"

namespace ingot::kernels::gemm {

// The sizes of a problem; unknown ones as -1 (or guessed, for costs).
struct MatMulSizes {
  int64_t batch = 1, m = 0, k = 0, n = 0;
  int64_t b_batch = 1;  // matrices in B
};
MatMulSizes matmul_sizes(const Problem& problem);
// The same with something typical in place of what is unknown.
MatMulSizes typical_sizes(const Problem& problem);

// Nanoseconds on one core for the tiles of `products` products.
double tiles_cost(const TileSet& tiles, double products, int64_t m, int64_t n, double depth, const Target& target);
// Nanoseconds with that many multiply-adds shared out.
double shared_cost(double nanoseconds, double multiply_adds, const Target& target);

const char* refuse_matmul(const Problem& problem);
std::unique_ptr<BoundKernel> bind_matmul(const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                         const Target& target);
// Of few rows, with a B that is not constant; `tiles` transpose A.
const char* refuse_gemv(const Problem& problem);
std::unique_ptr<BoundKernel> bind_gemv(const GemvSet& gemv, const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                       const Target& target);
Tensor pack_matmul(const TileSet& tiles, const Problem& problem, const Tensor& weights);

}  // namespace ingot::kernels::gemm
