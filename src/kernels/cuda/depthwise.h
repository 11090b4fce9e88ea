// Depthwise convolution on channels-last activations as one kernel with its bias and epilogue.
#pragma once
#include "kernels/cuda/strided.h"

namespace ingot::kernels::cuda {

// `c.groups == c.c == c.m`. Operands: x, w [kernel_h * kernel_w, c], y, bias if any, then the epilogue's, which start
// at the step's input `first_operand`.
Call depthwise_call(const device::Convolution& c, const Problem& problem, std::span<const TileInstruction> body,
                    bool bias, size_t first_operand, DType storage);

}  // namespace ingot::kernels::cuda
