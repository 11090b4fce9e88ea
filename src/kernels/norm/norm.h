// Layer and RMS normalisation of rows, and group (instance) normalisation of blocks of channels. Statistics take two
// passes, mean first, in an order that the sizes alone decide.
#pragma once
#include <cstdint>

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

// One group of `channels` channels. First: each channel `size` consecutive elements, the group in one piece. Last:
// `size` positions `stride` elements apart, the group's channels next to each other.
struct GroupNormArgs {
  const void* x;
  void* y;
  const void* scale;         // of the group's first channel; null: 1
  const void* bias;          // null: 0
  int64_t parameter_stride;  // 1: per channel, 0: one for the group
  int64_t channels, size, stride;
  float epsilon;
};
using GroupNormFunction = void (*)(const GroupNormArgs& args) noexcept;

struct NormFunctions {
  NormFunction rows;
  GroupNormFunction group_first, group_last;
  GroupNormFunction columns;  // as group_last, but each channel is a group
};
// Null functions for types other than f32, f16 and bf16.
namespace avx2 {
NormFunctions norm_functions(DType dtype);
}
namespace avx512 {
NormFunctions norm_functions(DType dtype);
}

}  // namespace ingot::kernels
