// Convolutions without tensor cores: of f32, where what libraries have for pictures that lie channels-last is made for
// TF32, and small ones of few channels.
#pragma once
#include "kernels/cuda/inline_epilogue.h"

namespace ingot::kernels::cuda {

// Whether the kernel takes it and is worth it.
bool is_direct_convolution(const device::Convolution& c);

// Parameters: x, w, y and the bias as device::Convolution has them, then the epilogue's, which sees y as [n, h, w, c],
// an element at a time.
KernelText direct_convolution(const device::Convolution& c, const InlineEpilogue& epilogue);

}  // namespace ingot::kernels::cuda
