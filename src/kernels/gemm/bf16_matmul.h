// Matrix multiplication, ops/matmul, of bf16: y = epilogue(alpha * A op(B) + bias) with sums and epilogue in f32 and
// one rounding to the result's type, bf16 or (by a cast that ends the epilogue) f32.
//
// Inputs: 0 A [..., m, k], 1 B [k, n] or [n, k], constant and packed (gemm/bf16_panels.h); 2 bias (f32 or bf16, the
// same for every row; may be absent), 3.. operands of the epilogue, bf16 or f32. Equal bits at every thread count; not
// on every ISA level: CPUs with products of bf16 sum two neighbours in depth in one instruction and take subnormal
// numbers as zero. vdpbf16ps has twice fp32's rate on AMD
// Zen 4 and half of it on Intel Sapphire Rapids, where AMX is several times faster than either; without AMX there,
// operands are widened and multiplied in f32.
#pragma once
#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::gemm {

// Nanoseconds on one core for `products` products of m rows, n columns and that depth of each tap.
double bf16_tiles_cost(const Bf16TileSet& tiles, double products, int64_t m, int64_t n, int64_t taps, int64_t depth,
                       const Target& target);

// A row of products of data with constant weights, input 1, that these tiles compute.
template <const Bf16TileSet& tiles>
constexpr Row bf16_product_row(const char* name, IsaLevel isa, decltype(Row::refuse) refuse, decltype(Row::cost) cost,
                               decltype(Row::bind) bind, decltype(Row::pack) pack) {
  const auto packing = [](const Problem&, size_t input) { return input == 1 ? tiles.shape.packing : nullptr; };
  return {name, isa, refuse, cost, bind, packing, pack, may_replace_bf16_operand};
}

const char* refuse_bf16_matmul(const Problem& problem);
std::unique_ptr<BoundKernel> bind_bf16_matmul(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem,
                                              const Target& target);
Tensor pack_bf16_matmul(const Bf16TileSet& tiles, const Problem& problem, const Tensor& weights);

}  // namespace ingot::kernels::gemm
