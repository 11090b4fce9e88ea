// Maximum and average pooling of one or two spatial axes, in both layouts. Channels last: the positions of a window
// are combined vector by vector of channels. Channels first: the rows of a window are combined into one line first,
// then each output combines its stretch of that line.
#pragma once
#include <cstdint>

#include "tensor/dtype.h"

namespace ingot::kernels {

// What of one output's window along one axis lies inside the data.
struct PoolSpan {
  int64_t first = 0, count = 0;  // positions, a dilation apart
  int64_t padded = 0;            // positions inside the data or its declared padding
};

// One row of outputs of one image (channels last) or of one channel's plane (channels first).
struct PoolArgs {
  const void* x;  // of the image or plane
  void* y;        // of the row
  PoolSpan rows;
  const PoolSpan* columns;  // one per output
  int64_t outputs, row_dilation, column_dilation;
  int64_t width, channels;  // of the data; channels is 1 for planes
  bool count_padding;       // averages divide by `padded`
};
using PoolFunction = void (*)(const PoolArgs& args) noexcept;

// Null for types other than f32, f16 and bf16.
namespace avx2 {
PoolFunction pool_function(DType dtype, bool maximum, bool channels_last);
}
namespace avx512 {
PoolFunction pool_function(DType dtype, bool maximum, bool channels_last);
}

}  // namespace ingot::kernels
