// Convolution, ops/conv, of bf16 on channels-last data: as conv/conv.h, with sums and epilogue in f32 and one rounding
// to the result's type, bf16 or (by a cast that ends the epilogue) f32.
//
// Inputs: 0 x, 1 w [m, c/group, kernel...], constant and packed, [group][panels of gemm/bf16_panels.h]; 2 bias [m] (f32
// or bf16; may be absent), 3.. operands of the epilogue, bf16 or f32. Equal bits at every thread count.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/bf16_tile.h"

namespace ingot::kernels::conv {

const char* refuse_bf16_conv(const Problem& problem);
const char* refuse_bf16_group_conv(const Problem& problem);  // for tiles over groups
std::unique_ptr<BoundKernel> bind_bf16_conv(const gemm::Bf16TileSet& tiles, IsaLevel isa, const Problem& problem,
                                            const Target& target);
Tensor pack_bf16_conv(const gemm::Bf16TileSet& tiles, const Problem& problem, const Tensor& weights);

}  // namespace ingot::kernels::conv
