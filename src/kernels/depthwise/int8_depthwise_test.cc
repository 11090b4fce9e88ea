#include "kernels/depthwise/int8_depthwise.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/cast.h"
#include "ops/conv_integer.h"

namespace ingot::kernels {
namespace {

// x: channels first.
void expect_depthwise(const Shape& x, const Shape& kernel, ConvInteger op, DType type, int zero,
                      const std::vector<Tensor>& operands = {}, const Tolerance& tolerance = {}) {
  std::mt19937 random(1);
  op.channels_last = true;
  op.group = x[1];
  Shape w = {x[1], 1};
  w.insert(w.end(), kernel.begin(), kernel.end());
  Tensor zero_point(type, Shape{});
  write_int(zero_point, 0, zero);
  Case test{op,
            {random_bytes(random, type, channels_last(x)), random_bytes(random, DType::kI8, w), zero_point, Tensor()},
            {false, true}};
  test.inputs.insert(test.inputs.end(), operands.begin(), operands.end());
  expect_rows_match(kIntegerDepthwiseFamily, test, tolerance);
}

ConvInteger with(std::vector<int64_t> pads, std::vector<int64_t> strides = {}, std::vector<int64_t> dilations = {}) {
  ConvInteger op;
  op.pads = std::move(pads);
  op.strides = std::move(strides);
  op.dilations = std::move(dilations);
  return op;
}

TEST(IntegerDepthwise, SumsAreExactForEveryWidthAndStride) {
  for (const DType type : {DType::kU8, DType::kI8}) {
    for (const int64_t kernel : {3, 5, 7}) {
      for (const int64_t stride : {1, 2}) {
        const int64_t pad = kernel / 2;
        expect_depthwise({2, 35, 8, 13}, {kernel, kernel}, with({pad, pad, pad, pad}, {stride, stride}), type, 100);
      }
    }
    expect_depthwise({1, 20, 9, 17}, {3, 3}, with({2, 2, 2, 2}, {}, {2, 2}), type, 3);
    expect_depthwise({2, 200, 40}, {4}, with({2, 2}), type, 3);
  }
}

TEST(IntegerDepthwise, ScalesClampsAndQuantises) {
  std::mt19937 random(1);
  ConvInteger op = with({1, 1, 1, 1});
  op.epilogue = {{Cast{DType::kF32}, {0}},     binary(BinaryFn::kMul, 4, 1), unary(UnaryFn::kRound, 5),
                 binary(BinaryFn::kMax, 6, 2), binary(BinaryFn::kMin, 7, 3), {Cast{DType::kU8}, {8}}};
  expect_depthwise({2, 150, 9, 7}, {3, 3}, op, DType::kU8, 100,
                   {random_tensor(random, {150}, 0, 0.01f), Tensor::scalar(0.0f), Tensor::scalar(255.0f)});
}

TEST(IntegerDepthwise, RefusesSeveralFiltersForAChannel) {
  ConvInteger op;
  op.group = 4;
  op.channels_last = true;
  const Problem problem{
      op, {{DType::kU8, {1, 4, 4, 4}}, {DType::kI8, {8, 1, 1, 1}, true}}, {{DType::kI32, {1, 4, 4, 8}}}};
  EXPECT_STREQ(kIntegerDepthwiseFamily.rows.front().refuse(problem), "there is not one filter for each channel");
}

}  // namespace
}  // namespace ingot::kernels
