// Weights of convolutions as device kernels want them.
#include <gtest/gtest.h>

#include "kernels/cuda/device_row.h"
#include "ops/conv.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// [m, channels, spatial...] with the element's number as its value.
Tensor counting(DType dtype, Shape shape) {
  Tensor tensor(dtype, std::move(shape));
  for (int64_t i = 0; i < tensor.count(); ++i) write_double(tensor, i, static_cast<double>(i));
  return tensor;
}

Tensor packed(const Conv& conv, const Shape& x, const Tensor& w) {
  Shape y = x;
  y.back() = w.shape()[0];
  const kernels::Problem problem{conv, {{w.dtype(), x}, {w.dtype(), w.shape(), true}}, {{w.dtype(), y}}};
  return kernels::cuda::find_device_row("cuda_conv")->pack(problem, 1, w);
}

TEST(ConvolutionWeights, HaveTheirChannelsLastInEveryType) {
  Conv conv;
  conv.channels_last = true;
  for (const DType dtype : {DType::kF16, DType::kF32, DType::kF64}) {
    const Tensor w = counting(dtype, {5, 7, 3, 2}), to = packed(conv, {1, 6, 6, 7}, w);
    ASSERT_EQ(to.count(), w.count());
    for (int64_t m = 0; m < 5; ++m) {
      for (int64_t c = 0; c < 7; ++c) {
        for (int64_t i = 0; i < 6; ++i) {
          EXPECT_EQ(read_double(to, (m * 6 + i) * 7 + c), read_double(w, (m * 7 + c) * 6 + i));
        }
      }
    }
  }
}

TEST(ConvolutionWeights, OfOnePointAreNotCopied) {
  Conv conv;
  conv.channels_last = true;
  const Tensor w = counting(DType::kF32, {5, 7, 1, 1});
  EXPECT_EQ(packed(conv, {1, 6, 6, 7}, w).raw(), w.raw());
}

TEST(ConvolutionWeights, OfDepthwiseOnesHaveTheChannelInnermost) {
  Conv conv;
  conv.channels_last = true;
  conv.group = 4;
  const Tensor to = packed(conv, {1, 6, 6, 4}, counting(DType::kF32, {4, 1, 3, 3}));
  for (int64_t c = 0; c < 4; ++c) {
    for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(read_double(to, i * 4 + c), static_cast<double>(c * 9 + i));
  }
}

}  // namespace
}  // namespace ingot
