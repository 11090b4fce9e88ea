// Depthwise convolution on channels-last activations as one kernel with its bias and epilogue.
#pragma once
#include "kernels/cuda/group.h"
#include "kernels/cuda/strided.h"

namespace ingot::kernels::cuda {

// `c.groups == c.c == c.m`. Operands: x, w [kernel_h * kernel_w, c], y, bias if any, then the epilogue's, which start
// at the step's input `first_operand`.
Call depthwise_call(const device::Convolution& c, const Problem& problem, std::span<const TileInstruction> body,
                    bool bias, size_t first_operand, DType storage);

// A depthwise convolution of channels-last pictures; nothing where the step is none.
std::optional<device::Convolution> depthwise_convolution(const Problem& problem, DType storage);

// Such a convolution and the mean over each of its pictures.
GroupRow depthwise_mean_row();

}  // namespace ingot::kernels::cuda
