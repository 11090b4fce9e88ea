// Convolution of integers of 8 bits, ops/conv_integer, on channels-last data: as conv/conv.h, with sums of i32, exact
// on every ISA level.
//
// Inputs: 0 x (u8 or i8), 1 w [m, c/group, kernel...] (i8), constant and packed, [group][gemm/int8_panels.h]; 2 x_zero
// (one number; may be absent), 3 w_zero: absent, 4.. operands of the epilogue, f32 or integers of 8 bits. What lies
// outside the data is x_zero. The result is i32 without an epilogue, else f32 or integers of 8 bits.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/int8_tile.h"

namespace ingot::kernels::conv {

// Inputs of the problem.
inline constexpr size_t kIntegerZeroPoint = 2, kIntegerWeightZero = 3, kIntegerOperand = 4;
// The same on numbers of any type, as geometry sees it.
Problem as_conv(const Problem& problem);

const char* refuse_int8_conv(const Problem& problem);
std::unique_ptr<BoundKernel> bind_int8_conv(const gemm::Int8TileSet& tiles, IsaLevel isa, const Problem& problem,
                                            const Target& target);
Tensor pack_int8_conv(const gemm::Int8TileSet& tiles, const Problem& problem, const Tensor& weights);

}  // namespace ingot::kernels::conv
