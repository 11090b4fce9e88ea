#include "kernels/conv/conv.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

void expect_conv(const Convolution& conv) { expect_convolution(kConvFamily, conv); }

TEST(Conv, MultipliesPixelsByOneByOneKernels) {
  expect_conv({{1, 16, 7, 9}, {24, 16, 1, 1}});
  expect_conv({{2, 70, 5, 5}, {100, 70, 1, 1}});
  expect_conv({{1, 3, 1, 1}, {1, 3, 1, 1}});
}

TEST(Conv, SlidesKernelsWithPadsStridesAndDilations) {
  expect_conv({{1, 32, 9, 10}, {20, 32, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{2, 32, 8, 7}, {70, 32, 3, 3}, {.strides = {2, 2}, .pads = {1, 1, 1, 1}}});
  expect_conv({{1, 32, 11, 12}, {8, 32, 3, 2}, {.strides = {1, 3}, .dilations = {2, 3}, .pads = {2, 0, 1, 4}}});
  expect_conv({{1, 40, 6, 6}, {17, 40, 5, 5}, {.pads = {2, 2, 2, 2}}});
  expect_conv({{1, 32, 6, 6}, {5, 32, 3, 3}, {.pads = {-1, -2, -1, 0}}});
  expect_conv({{1, 32, 5, 5}, {5, 32, 3, 3}, {.strides = {2, 2}, .auto_pad = AutoPad::kSameLower}});
}

TEST(Conv, MergesLinesOfFewChannels) {
  expect_conv({{1, 3, 20, 21}, {16, 3, 7, 7}, {.strides = {2, 2}, .pads = {3, 3, 3, 3}}});
  expect_conv({{2, 1, 6, 5}, {9, 1, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 3, 4, 3}, {9, 3, 3, 5}, {.pads = {1, 4, 1, 4}}});
  expect_conv({{1, 4, 8, 8}, {9, 4, 3, 3}, {.dilations = {2, 1}, .pads = {2, 1, 2, 1}}});
}

TEST(Conv, RunsGroups) {
  expect_conv({{1, 8, 6, 6}, {12, 2, 3, 3}, {.group = 4, .pads = {1, 1, 1, 1}}});
  expect_conv({{2, 64, 4, 4}, {64, 32, 3, 3}, {.group = 2, .strides = {2, 2}, .pads = {1, 1, 1, 1}}});
  expect_conv({{1, 5, 4, 4}, {10, 1, 3, 3}, {.group = 5}});
}

TEST(Conv, RunsOneAndThreeSpatialAxes) {
  expect_conv({{2, 20, 30}, {12, 20, 5}, {.strides = {2}, .pads = {2, 1}}});
  expect_conv({{1, 4, 5, 6, 7}, {6, 4, 3, 2, 3}, {.strides = {1, 2, 1}, .pads = {1, 0, 1, 1, 0, 1}}});
  expect_conv({{1, 26, 3, 4, 5}, {6, 26, 2, 2, 2}, {.dilations = {1, 2, 1}}});
}

TEST(Conv, CutsDeepSumsAndSharesThemOut) {
  expect_conv({{1, 600, 2, 2}, {35, 600, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 64, 14, 14}, {64, 64, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{3, 256, 8, 8}, {70, 256, 1, 1}, {.strides = {2, 2}}});
}

TEST(Conv, GivesTheBiasWithoutChannels) {
  expect_conv({{2, 0, 5, 5}, {6, 0, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 0, 4, 4}, {18, 0, 1, 1}});
}

TEST(Conv, GivesEmptyResults) {
  expect_conv({{0, 4, 5, 5}, {6, 4, 3, 3}});
  expect_conv({{1, 4, 2, 5}, {6, 4, 3, 3}, {.pads = {0, 0, 0, 0}}});
}

TEST(Conv, RunsEpilogues) {
  struct Epilogue {
    std::vector<TileInstruction> body;
    std::vector<Shape> operands;
  };
  const std::vector<Epilogue> epilogues = {
      {{unary(UnaryFn::kRelu, 0)}, {}},
      {{unary(UnaryFn::kHardSwish, 0)}, {}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)}, {{2, 20, 6, 5}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{2, 20, 1, 1}}},
      {{binary(BinaryFn::kMul, 0, 1), binary(BinaryFn::kAdd, 3, 2)}, {{1, 20, 1, 1}, {1, 1, 1, 1}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{1, 1, 6, 5}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 4, 1), binary(BinaryFn::kAdd, 5, 2),
        binary(BinaryFn::kAdd, 6, 3)},
       {{1, 1, 1, 1}, {1, 1, 1, 1}, {2, 20, 6, 5}}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kSilu, 2)}, {{2, 1, 1, 5}}},
  };
  for (const Epilogue& epilogue : epilogues) {
    for (const int64_t group : {1, 2}) {
      Conv op;
      op.group = group;
      op.pads = {1, 1, 1, 1};
      op.epilogue = epilogue.body;
      expect_conv({{2, 32, 6, 5}, {20, 32 / group, 3, 3}, op, group == 1, epilogue.operands});
    }
  }
}

TEST(Conv, RefusesWithAReason) {
  const Problem typed{
      Conv{}, {{DType::kF16, {1, 2, 3, 3}}, {DType::kF16, {2, 2, 1, 1}}}, {{DType::kF16, {1, 2, 3, 3}}}};
  const Problem deep{Conv{},
                     {{DType::kF32, {1, 2, 3, 3, 3, 3}}, {DType::kF32, {2, 2, 1, 1, 1, 1}}},
                     {{DType::kF32, {1, 2, 3, 3, 3, 3}}}};
  for (const Row& row : kConvFamily.rows) {
    EXPECT_NE(row.refuse(typed), nullptr);
    EXPECT_NE(row.refuse(deep), nullptr);
  }
}

TEST(Conv, CostsProblemsOfUnknownSizes) {
  Conv op;
  op.channels_last = true;
  const Problem problem{
      op, {{DType::kF32, {-1, -1, -1, 64}}, {DType::kF32, {64, 64, 5, 5}, true}}, {{DType::kF32, {-1, -1, -1, 64}}}};
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx512, 1}).row->name, "avx512_conv_f32_6x64");
  EXPECT_STREQ(pick(problem, {IsaLevel::kAvx2, 1}).row->name, "avx2_conv_f32_6x16");
  EXPECT_EQ(kConvFamily.text(problem), "conv n? c64 ?x? m64 k5x5 nhwc");
}

}  // namespace
}  // namespace ingot::kernels
