// Transposed convolution, ops/conv_transpose, f32, as products of matrices.
//
// With stride s the outputs at position = r - begin (mod s), for r in [0, s), meet only the kernel positions k with
// k * dilation = r (mod s), and do so as an ordinary convolution of stride 1: a phase. Every phase is a set of
// products, one per line of its outputs and group, whose rows are read where they lie in x, with zeros outside. So each
// output is written once and its additions have a fixed order: equal bits at every thread count.
//
// Inputs: 0 x, 1 w [c, m/group, kernel...], constant, packed [phase][group][panels of gemm/panels.h]; 2 bias [m] (may
// be absent). Channels-last is native; other data is brought there and back through scratch.
#pragma once
#include <array>

#include "kernels/gemm/panels.h"
#include "kernels/kernel.h"
#include "ops/conv_transpose.h"

namespace ingot::kernels::conv {

// Kernel positions that phase `remainder` of an axis meets.
std::vector<int64_t> phase_positions(int64_t kernel, int64_t stride, int64_t dilation, int64_t remainder);

const char* refuse_transposed(const Problem& problem);
double transposed_cost(const gemm::TileSet& tiles, const Problem& problem, const Target& target);
std::unique_ptr<BoundKernel> bind_transposed(const gemm::TileSet& tiles, const Problem& problem, const Target& target);
Tensor pack_transposed(const gemm::TileSet& tiles, const ConvTranspose& op, const Tensor& weights);

}  // namespace ingot::kernels::conv
