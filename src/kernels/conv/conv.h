// Convolution, ops/conv, f32: y = epilogue(x * w + bias) as products of matrices, one per group: the rows are output
// pixels, read where they lie through pointers (conv/windows.h), the columns are filters.
//
// Inputs: 0 x, 1 w [m, c/group, kernel...], 2 bias [m] (may be absent), 3.. operands of the epilogue. Channels-last is
// native; other data is brought there and back through scratch. Constant weights are packed, [group][panels of
// gemm/panels.h]; others on every run. Equal bits at every thread count.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/panels.h"

namespace ingot::kernels::conv {

std::unique_ptr<BoundKernel> bind_conv(const gemm::TileSet& tiles, IsaLevel isa, const Problem& problem,
                                       const Target& target);
// Packs weights [m, c/group, kernel...] of a convolution in `groups` groups into `out`.
void pack_weights(const gemm::TileSet& tiles, const float* weights, const Shape& shape, int64_t groups, float* out);
int64_t packed_weight_floats(const gemm::TileSet& tiles, const Shape& shape, int64_t groups);
// The same as a constant of a plan.
Tensor packed_weights(const gemm::TileSet& tiles, const Tensor& weights, int64_t groups);

}  // namespace ingot::kernels::conv
