#include "kernels/conv/bf16_conv.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

void expect_conv(const Convolution& conv, DType result = DType::kBF16) {
  const auto depth = static_cast<double>(element_count(std::span(conv.w).subspan(1)));
  expect_bf16_rows_match(kConvFamily, bf16_case(conv), tolerance_of(Conv::def.accuracy, depth * 0.3 + 8), result);
}

TEST(Bf16Conv, MultipliesPixelsByOneByOneKernels) {
  expect_conv({{1, 16, 7, 9}, {24, 16, 1, 1}});
  expect_conv({{2, 71, 5, 5}, {100, 71, 1, 1}});
  expect_conv({{1, 3, 1, 1}, {1, 3, 1, 1}});
}

TEST(Bf16Conv, SlidesKernelsWithPadsStridesAndDilations) {
  expect_conv({{1, 32, 9, 10}, {20, 32, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{2, 33, 8, 7}, {70, 33, 3, 3}, {.strides = {2, 2}, .pads = {1, 1, 1, 1}}});
  expect_conv({{1, 32, 11, 12}, {8, 32, 3, 2}, {.strides = {1, 3}, .dilations = {2, 3}, .pads = {2, 0, 1, 4}}});
  expect_conv({{1, 32, 6, 6}, {5, 32, 3, 3}, {.pads = {-1, -2, -1, 0}}});
  expect_conv({{1, 32, 5, 5}, {5, 32, 3, 3}, {.strides = {2, 2}, .auto_pad = AutoPad::kSameLower}});
}

TEST(Bf16Conv, SharesLinesOfWideImages) {
  expect_conv({{1, 32, 9, 14}, {20, 32, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{2, 96, 13, 40}, {70, 96, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 64, 20, 40}, {33, 64, 5, 3}, {.dilations = {2, 3}, .pads = {3, 0, 1, 7}}});
  expect_conv({{1, 64, 5, 70}, {8, 64, 3, 3}, {.pads = {-1, -2, 0, 0}}});
  expect_conv({{2, 64, 8, 21}, {64, 32, 1, 3}, {.group = 2, .pads = {0, 1, 0, 1}}});
  Conv op;
  op.pads = {1, 1, 1, 1};
  op.epilogue = {{Unary{UnaryFn::kSilu, 1}, {0}}, {Binary{BinaryFn::kAdd}, {1, 2}}};
  expect_conv({{2, 32, 80, 33}, {40, 32, 3, 3}, op, true, {{2, 40, 80, 33}}});
}

TEST(Bf16Conv, ReadsTheRowsOfEveryBlockForManyFilters) {
  expect_conv({{1, 256, 40, 40}, {512, 256, 1, 1}, {.strides = {2, 2}}});
  expect_conv({{1, 256, 20, 20}, {512, 256, 1, 1}});
}

TEST(Bf16Conv, MergesLinesOfFewChannels) {
  expect_conv({{1, 3, 20, 21}, {16, 3, 7, 7}, {.strides = {2, 2}, .pads = {3, 3, 3, 3}}});
  expect_conv({{2, 1, 6, 5}, {9, 1, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 3, 4, 3}, {9, 3, 3, 5}, {.pads = {1, 4, 1, 4}}});
}

TEST(Bf16Conv, RunsGroups) {
  expect_conv({{1, 8, 6, 6}, {12, 2, 3, 3}, {.group = 4, .pads = {1, 1, 1, 1}}});
  expect_conv({{2, 64, 4, 4}, {64, 32, 3, 3}, {.group = 2, .strides = {2, 2}, .pads = {1, 1, 1, 1}}});
}

// Several groups of few channels side by side, the last ones in part of a vector.
TEST(Bf16Conv, RunsGroupsOfFewChannels) {
  for (const int64_t depth : {2, 4, 8, 16}) {
    for (const int64_t groups : {2, 3, 13, 32}) {
      const int64_t channels = depth * groups;
      expect_conv({{1, channels, 7, 9}, {channels, depth, 3, 3}, {.group = groups, .pads = {1, 1, 1, 1}}});
    }
  }
  expect_conv({{2, 104, 9, 8}, {104, 8, 3, 3}, {.group = 13, .strides = {2, 2}, .pads = {1, 1, 1, 1}}});
  expect_conv({{1, 12, 30}, {12, 4, 5}, {.group = 3, .pads = {2, 2}}});
}

TEST(Bf16Conv, AnInfinityStaysInItsGroup) {
  Case test = bf16_case({{1, 24, 4, 4}, {24, 8, 1, 1}, {.group = 3}});
  test.inputs[0].mutable_data<BF16>()[0] = BF16(std::numeric_limits<float>::infinity());
  const Problem problem = problem_of(test, eval_values(test.op, test.inputs));
  for (const Row& row : kConvFamily.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    const Tensor y = cast_to(run_row(row, problem, test.inputs, 1).at(0), DType::kF32);
    for (int64_t pixel = 0; pixel < 16; ++pixel) {
      for (int64_t filter = 8; filter < 24; ++filter) {
        EXPECT_TRUE(std::isfinite(y.data<float>()[pixel * 24 + filter])) << row.name;
      }
    }
  }
}

TEST(Bf16Conv, RunsOneAndThreeSpatialAxes) {
  expect_conv({{2, 20, 30}, {12, 20, 5}, {.strides = {2}, .pads = {2, 1}}});
  expect_conv({{1, 4, 5, 6, 7}, {6, 4, 3, 2, 3}, {.strides = {1, 2, 1}, .pads = {1, 0, 1, 1, 0, 1}}});
}

TEST(Bf16Conv, SumsDeepKernelsAndSharesThemOut) {
  expect_conv({{1, 600, 2, 2}, {35, 600, 3, 3}, {.pads = {1, 1, 1, 1}}});
  expect_conv({{1, 64, 14, 14}, {64, 64, 3, 3}, {.pads = {1, 1, 1, 1}}});
}

TEST(Bf16Conv, RunsEpiloguesInF32) {
  for (const ConvEpilogue& epilogue : bf16_epilogues()) {
    for (const int64_t group : {1, 2}) {
      Conv op;
      op.group = group;
      op.pads = {1, 1, 1, 1};
      op.epilogue = epilogue.body;
      expect_conv({{2, 32, 6, 5}, {20, 32 / group, 3, 3}, op, group == 1, epilogue.operands});
    }
  }
}

TEST(Bf16Conv, GivesF32WhereTheEpilogueEndsInACast) {
  Conv op;
  op.epilogue = {{Cast{DType::kF32}, {0}}};
  expect_conv({{2, 32, 6, 5}, {20, 32, 3, 3}, op}, DType::kF32);
}

TEST(Bf16Conv, RefusesChannelsFirstDataWithAReason) {
  const Problem problem{
      Conv{}, {{DType::kBF16, {1, 2, 3, 3}}, {DType::kBF16, {2, 2, 1, 1}, true}}, {{DType::kBF16, {1, 2, 3, 3}}}};
  for (const Row& row : kConvFamily.rows) EXPECT_NE(row.refuse(problem), nullptr);
}

}  // namespace
}  // namespace ingot::kernels
