// Layer and RMS normalisation of rows, and group (instance) normalisation of blocks of channels. Statistics take two
// passes, mean first, in an order that the sizes alone decide. Images are cut into parts whose sums per channel are
// joined: threads share one group, too.
#pragma once
#include <cstdint>

#include "kernels/kernel.h"
#include "tensor/dtype.h"

namespace ingot::kernels {

struct NormArgs {
  const void* x;
  void* y;
  const void* scale;                               // null: 1
  const void* bias;                                // null: 0
  bool scalar_scale = false, scalar_bias = false;  // one element for the whole row
  int64_t rows, size;                              // rows of `size` consecutive elements
  float epsilon;
  bool rms;
  float* mean;               // per row, or null
  float* inverse_deviation;  // per row, or null
};
using NormFunction = void (*)(const NormArgs& args) noexcept;

// A part of an image for group normalisation: `rows` rows of `columns` consecutive elements, `stride` elements apart. A
// channel is a column (channels-last) or a row (channels-first); mean, factor, shift and sums have one f32 for each.
struct ChannelArgs {
  const void* x;
  void* y = nullptr;
  int64_t rows, columns, stride;
  const float* mean = nullptr;
  const float *factor = nullptr, *shift = nullptr;
  float* sums = nullptr;
};
using ChannelFunction = void (*)(const ChannelArgs& args) noexcept;
struct ChannelFunctions {
  ChannelFunction sum;        // sums = those of x; of (x - mean)^2 where there is a mean
  ChannelFunction normalize;  // y = (x - mean) * factor + shift; may be x
};

struct NormFunctions {
  NormFunction rows;
  ChannelFunctions by_row, by_column;
};
// Null functions for types other than f32, f16 and bf16.
namespace avx2 {
NormFunctions norm_functions(DType dtype);
}
namespace avx512 {
NormFunctions norm_functions(DType dtype);
}

using FindNormFunctions = NormFunctions (*)(DType dtype);
std::unique_ptr<BoundKernel> bind_group_norm(const Problem& problem, FindNormFunctions find);

}  // namespace ingot::kernels
