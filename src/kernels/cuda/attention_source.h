// Attention as CUDA C++ on the types of kernel_prelude(): templates that the attention row's kernels instantiate.
#pragma once
#include <string>

namespace ingot::kernels::cuda {

// tiled_attention<T, C>: 16-bit elements, sizes that are multiples of 8, FlashAttention-2's loop (Dao 2023) on
// mma.sync; plain_attention<T, C>: any type and size. C holds sizes and strides as enumerators (attention.cc writes
// them).
std::string attention_prelude();

}  // namespace ingot::kernels::cuda
