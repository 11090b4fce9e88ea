#include "kernels/depthwise/depthwise.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

// `kernel`: sizes along the spatial axes.
void expect_depthwise(const Shape& x, const Shape& kernel, Conv op = {}, bool with_bias = true,
                      const std::vector<Shape>& operands = {}) {
  op.group = x[1];
  Shape w = {x[1], 1};
  w.insert(w.end(), kernel.begin(), kernel.end());
  expect_convolution(kDepthwiseFamily, {x, w, op, with_bias, operands});
}

TEST(Depthwise, SlidesEveryWidthAndStride) {
  for (const int64_t kernel : {3, 5, 7}) {
    for (const int64_t stride : {1, 2}) {
      const int64_t pad = kernel / 2;
      for (const int64_t width : {7, 13, 30}) {
        expect_depthwise({1, 35, 8, width}, {kernel, kernel},
                         {.strides = {stride, stride}, .pads = {pad, pad, pad, pad}});
      }
    }
  }
}

TEST(Depthwise, GathersOtherKernelsStridesAndDilations) {
  expect_depthwise({1, 20, 7, 9}, {1, 1});
  expect_depthwise({1, 20, 7, 9}, {2, 4}, {.pads = {0, 1, 1, 2}});
  expect_depthwise({1, 20, 9, 17}, {3, 3}, {.dilations = {2, 2}, .pads = {2, 2, 2, 2}});
  expect_depthwise({1, 20, 9, 17}, {3, 3}, {.strides = {3, 3}, .pads = {1, 1, 1, 1}});
  expect_depthwise({1, 20, 9, 17}, {9, 11}, {.pads = {4, 5, 4, 5}});
  expect_depthwise({1, 20, 9, 17}, {3, 3}, {.strides = {2, 2}, .auto_pad = AutoPad::kSameUpper});
  expect_depthwise({1, 20, 9, 17}, {3, 3}, {.pads = {-1, -2, -1, 0}});
}

TEST(Depthwise, RunsEveryNumberOfChannels) {
  for (const int64_t channels : {1, 7, 8, 9, 16, 31, 32, 100}) {
    expect_depthwise({2, channels, 5, 6}, {3, 3}, {.pads = {1, 1, 1, 1}}, channels % 2 == 0);
  }
}

TEST(Depthwise, SumsOverNarrowGroups) {
  for (const int64_t group : {2, 4, 8}) {
    for (const int64_t stride : {1, 2}) {
      Conv op{.strides = {stride, stride}, .pads = {1, 1, 1, 1}};
      for (const int64_t groups : {1, 3, 13}) {
        op.group = groups;
        expect_convolution(kDepthwiseFamily, {{2, groups * group, 6, 13}, {groups * group, group, 3, 3}, op});
      }
    }
  }
  Conv line{.group = 5, .pads = {1, 1}, .epilogue = {unary(UnaryFn::kSilu, 0)}};
  expect_convolution(kDepthwiseFamily, {{1, 40, 30}, {40, 8, 3}, line});
}

TEST(Depthwise, RunsSeveralFiltersForEachChannel) {
  for (const int64_t filters : {2, 4, 8}) {
    for (const int64_t channels : {1, 5, 12, 40}) {
      for (const int64_t kernel : {3, 7}) {
        const int64_t pad = kernel / 2;
        const Conv op{.group = channels, .strides = {2, 2}, .pads = {pad, pad, pad, pad}};
        expect_convolution(kDepthwiseFamily, {{2, channels, 7, 19}, {channels * filters, 1, kernel, kernel}, op});
      }
    }
  }
  Conv line{.group = 10, .pads = {1, 1}, .epilogue = {unary(UnaryFn::kSilu, 0)}};
  expect_convolution(kDepthwiseFamily, {{1, 10, 30}, {40, 1, 3}, line});
}

TEST(Depthwise, KeepsInfinitiesWithinTheirGroup) {
  Conv op{.group = 3, .channels_last = true};
  std::mt19937 random(1);
  Tensor x = random_tensor(random, {1, 1, 9, 24});
  for (int64_t pixel = 0; pixel < 9; ++pixel) x.mutable_data<float>()[pixel * 24 + 5] = INFINITY;
  const Case test{op, {x, random_tensor(random, {24, 8, 1, 3})}, {false, true}};
  expect_rows_match(kDepthwiseFamily, test, tolerance_of(Conv::def.accuracy, 12));
}

TEST(Depthwise, RunsOneAndThreeSpatialAxes) {
  expect_depthwise({2, 20, 40}, {5}, {.strides = {2}, .pads = {2, 2}});
  expect_depthwise({1, 9, 4, 5, 11}, {2, 3, 3}, {.pads = {0, 1, 1, 1, 1, 1}});
}

TEST(Depthwise, SharesLargeProblemsOut) {
  expect_depthwise({1, 200, 3, 40}, {7, 7}, {.pads = {3, 3, 3, 3}});
  expect_depthwise({2, 40, 40, 20}, {3, 3}, {.pads = {1, 1, 1, 1}});
}

TEST(Depthwise, GivesEmptyResults) { expect_depthwise({0, 4, 5, 5}, {3, 3}); }

TEST(Depthwise, RunsEpilogues) {
  const auto run = [](std::vector<TileInstruction> body, const std::vector<Shape>& operands) {
    Conv op;
    op.pads = {1, 1, 1, 1};
    op.epilogue = std::move(body);
    expect_depthwise({2, 20, 6, 9}, {3, 3}, op, true, operands);
  };
  run({unary(UnaryFn::kRelu, 0)}, {});
  run({binary(BinaryFn::kMax, 0, 1), binary(BinaryFn::kMin, 3, 2)}, {{1, 1, 1, 1}, {1, 1, 1, 1}});
  run({binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)}, {{2, 20, 6, 9}});
  run({unary(UnaryFn::kSilu, 0)}, {});
  run({binary(BinaryFn::kMul, 0, 1), unary(UnaryFn::kHardSwish, 3), binary(BinaryFn::kAdd, 4, 2)},
      {{2, 20, 1, 1}, {2, 20, 6, 9}});
  run({binary(BinaryFn::kMul, 0, 1)}, {{1, 1, 6, 9}});
  run({unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 4, 1), binary(BinaryFn::kAdd, 5, 2),
       binary(BinaryFn::kAdd, 6, 3), unary(UnaryFn::kRelu, 7)},
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {2, 20, 6, 9}});
}

TEST(Depthwise, IsPreferredToConvolutionInGroups) {
  Conv op;
  op.group = 64;
  op.channels_last = true;
  Problem problem{
      op, {{DType::kF32, {-1, -1, -1, 64}}, {DType::kF32, {64, 1, 3, 3}, true}}, {{DType::kF32, {-1, -1, -1, 64}}}};
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx512, 1}).row->name, "avx512_depthwise_f32_7x16");
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx2, 1}).row->name, "avx2_depthwise_f32_7x8");
  op.group = 8;
  problem.op = op;
  problem.inputs[1].shape = {64, 8, 3, 3};
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx512, 1}).row->name, "avx512_depthwise_f32_7x16");
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx2, 1}).row->name, "avx2_depthwise_f32_7x8");
  op.group = 18;  // of 16 channels, with a line of 14 pixels
  op.pads = {1, 1, 1, 1};
  EXPECT_STREQ(pick({op,
                     {{DType::kF32, {1, 14, 14, 288}}, {DType::kF32, {288, 16, 3, 3}, true}},
                     {{DType::kF32, {1, 14, 14, 288}}}},
                    {IsaLevel::kAvx512, 1})
                   .row->name,
               "avx512_depthwise_f32_7x16");
  problem.inputs[1].shape = {64, 8, 5, 5};
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx512, 1}).family->name, "conv");
}

}  // namespace
}  // namespace ingot::kernels
