// Convolution with 3 x 3 kernels by Winograd's minimal filtering, ops/conv, f32 or bf16 (computed in f32): 2.25
// (F(2x2)) and 4 (F(4x4)) times fewer multiplications than the direct sum, for the price of the transforms
// (winograd/transform.h).
//
// Inputs as of kernels/conv (conv/bf16_conv.h); weights are constants, packed as [point][panels of gemm/panels.h].
// Channels-last is native. A run goes round by round over blocks of tiles: transform inputs, one product of matrices a
// point, transform sums. Equal bits at every thread count and for every size of round. Error: up to 6e-5 (F(4x4)) of
// the root mean square of the sums; an infinity in the data makes NaN of all outputs in its tile.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/panels.h"
#include "kernels/winograd/transform.h"

namespace ingot::kernels::winograd {

std::unique_ptr<BoundKernel> bind_winograd(const TransformSet& transforms, const gemm::TileSet& tiles, IsaLevel isa,
                                           const Problem& problem, const Target& target);
std::unique_ptr<BoundKernel> bind_bf16_winograd(const TransformSet& transforms, const gemm::TileSet& tiles,
                                                IsaLevel isa, const Problem& problem, const Target& target);
// Weights [m, c, 3, 3] as [point][panels].
void pack_weights(const TransformSet& transforms, const gemm::TileSet& tiles, const float* weights, int64_t filters,
                  int64_t channels, float* out);
int64_t packed_weight_floats(const TransformSet& transforms, const gemm::TileSet& tiles, int64_t filters,
                             int64_t channels);

}  // namespace ingot::kernels::winograd
