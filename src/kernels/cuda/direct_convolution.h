// Convolutions of f32 without tensor cores. What libraries have for pictures that lie channels-last is made for TF32.
#pragma once
#include "kernels/cuda/inline_epilogue.h"

namespace ingot::kernels::cuda {

// Whether the kernel takes it: f32, one group.
bool is_direct_convolution(const device::Convolution& c);

// Parameters: x, w, y and the bias as device::Convolution has them, then the epilogue's, which sees y as [n, h, w, c],
// an element at a time.
KernelText direct_convolution(const device::Convolution& c, const InlineEpilogue& epilogue);

}  // namespace ingot::kernels::cuda
