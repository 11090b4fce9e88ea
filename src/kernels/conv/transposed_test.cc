#include "kernels/conv/transposed.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

void expect_transposed(const Shape& x, const Shape& w, ConvTranspose op = {}, bool with_bias = true) {
  for (const bool last : {true, false}) {
    std::mt19937 random(1);
    op.channels_last = last;
    Case test{op, {random_tensor(random, last ? channels_last(x) : x), random_tensor(random, w)}, {false, true}};
    if (with_bias) test.inputs.push_back(random_tensor(random, {w[1] * op.group}));
    const int64_t depth = w[0] / op.group * element_count(std::span(w).subspan(2));
    expect_rows_match(kConvTransposeFamily, test,
                      tolerance_of(ConvTranspose::def.accuracy, static_cast<double>(depth) + 4));
  }
}

TEST(ConvTransposed, RunsKernelsThatTouchAndOverlapAndLeaveGaps) {
  expect_transposed({1, 24, 7, 9}, {24, 20, 2, 2}, {.strides = {2, 2}});
  expect_transposed({2, 9, 5, 4}, {9, 1, 2, 2}, {.strides = {2, 2}}, false);
  expect_transposed({1, 8, 6, 7}, {8, 70, 3, 3}, {.strides = {2, 2}, .pads = {1, 1, 1, 1}, .output_padding = {1, 1}});
  expect_transposed({1, 8, 6, 7}, {8, 5, 4, 4}, {.strides = {2, 2}, .pads = {1, 1, 1, 1}});
  expect_transposed({1, 8, 3, 3}, {8, 5, 1, 2}, {.strides = {3, 4}});
  expect_transposed({1, 8, 3, 3}, {8, 70, 1, 2}, {.strides = {3, 4}});
  expect_transposed({1, 8, 6, 5}, {8, 5, 3, 3});
}

TEST(ConvTransposed, RunsDilationsPadsAndGivenShapes) {
  expect_transposed({1, 6, 6, 5}, {6, 5, 3, 3}, {.strides = {2, 3}, .dilations = {2, 2}, .pads = {0, 1, 2, 1}});
  expect_transposed({1, 6, 6, 5}, {6, 5, 3, 3}, {.strides = {2, 2}, .output_shape = {12, 9}});
  expect_transposed({1, 6, 3, 3}, {6, 5, 3, 3}, {.strides = {2, 2}, .output_shape = {10, 8}});
  expect_transposed({1, 6, 6, 5}, {6, 5, 3, 3}, {.strides = {2, 2}, .auto_pad = AutoPad::kSameUpper});
}

TEST(ConvTransposed, RunsGroupsAndOneOrThreeAxes) {
  expect_transposed({2, 8, 5, 5}, {8, 3, 3, 3}, {.group = 2, .strides = {2, 2}});
  expect_transposed({1, 6, 5, 5}, {6, 1, 4, 4}, {.group = 6, .strides = {2, 2}, .pads = {1, 1, 1, 1}});
  expect_transposed({2, 8, 15}, {8, 4, 5}, {.strides = {3}, .pads = {1, 2}});
  expect_transposed({1, 4, 3, 4, 3}, {4, 6, 2, 3, 2}, {.strides = {2, 1, 2}});
}

TEST(ConvTransposed, GivesEmptyResults) { expect_transposed({0, 4, 3, 3}, {4, 2, 2, 2}, {.strides = {2, 2}}); }

TEST(ConvTransposed, RefusesWithAReason) {
  const Operand x{DType::kF32, {1, 4, 3, 3}}, w{DType::kF32, {4, 2, 2, 2}, true};
  ConvTranspose wide;
  wide.strides = {1 << 20, 1 << 20};
  for (const Row& row : kConvTransposeFamily.rows) {
    EXPECT_NE(row.refuse({ConvTranspose{}, {x, {DType::kF32, {4, 2, 2, 2}}}, {x}}), nullptr);
    EXPECT_NE(row.refuse({wide, {x, w}, {x}}), nullptr);
  }
}

}  // namespace
}  // namespace ingot::kernels
