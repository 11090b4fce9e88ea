#include "kernels/bf16_testing.h"
#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

void expect_depthwise(const Shape& x, const Shape& kernel, Conv op = {}, bool with_bias = true,
                      const std::vector<Shape>& operands = {}, DType result = DType::kBF16) {
  std::mt19937 random(1);
  op.channels_last = true;
  op.group = x[1];
  Shape w = {x[1], 1};
  w.insert(w.end(), kernel.begin(), kernel.end());
  const auto narrow = [&](const Shape& shape) { return cast_to(random_tensor(random, shape), DType::kBF16); };
  Case test{op, {narrow(channels_last(x)), narrow(w)}, {false, true}};
  test.inputs.push_back(with_bias ? random_tensor(random, {x[1]}) : Tensor());
  for (const Shape& shape : operands) test.inputs.push_back(narrow(channels_last(shape)));
  const auto positions = static_cast<double>(element_count(kernel));
  expect_bf16_rows_match(kDepthwiseFamily, test, tolerance_of(Conv::def.accuracy, positions * 0.3 + 8), result);
}

TEST(Bf16Depthwise, SlidesEveryWidthAndStride) {
  for (const int64_t kernel : {3, 5, 7}) {
    for (const int64_t stride : {1, 2}) {
      const int64_t pad = kernel / 2;
      expect_depthwise({2, 35, 8, 13}, {kernel, kernel}, {.strides = {stride, stride}, .pads = {pad, pad, pad, pad}});
    }
  }
}

TEST(Bf16Depthwise, GathersOtherKernelsStridesAndDilations) {
  expect_depthwise({1, 20, 7, 9}, {2, 4}, {.pads = {0, 1, 1, 2}}, false);
  expect_depthwise({1, 20, 9, 17}, {3, 3}, {.dilations = {2, 2}, .pads = {2, 2, 2, 2}});
  expect_depthwise({2, 20, 40}, {5}, {.strides = {2}, .pads = {2, 2}});
}

TEST(Bf16Depthwise, RunsEveryNumberOfChannelsAndSharesThemOut) {
  for (const int64_t channels : {1, 7, 8, 9, 16, 31, 100}) {
    expect_depthwise({2, channels, 5, 6}, {3, 3}, {.pads = {1, 1, 1, 1}}, channels % 2 == 0);
  }
  expect_depthwise({1, 200, 3, 40}, {7, 7}, {.pads = {3, 3, 3, 3}});
  expect_depthwise({0, 4, 5, 5}, {3, 3});
}

TEST(Bf16Depthwise, SumsOverNarrowGroups) {
  std::mt19937 random(1);
  const auto narrow = [&](const Shape& shape) { return cast_to(random_tensor(random, shape), DType::kBF16); };
  const Conv op{.group = 13, .strides = {2, 2}, .pads = {1, 1, 1, 1}, .channels_last = true};
  const Case test{op, {narrow({2, 6, 13, 104}), narrow({104, 8, 3, 3}), random_tensor(random, {104})}, {false, true}};
  expect_bf16_rows_match(kDepthwiseFamily, test, tolerance_of(Conv::def.accuracy, 30), DType::kBF16);
}

TEST(Bf16Depthwise, RunsSeveralFiltersForEachChannel) {
  std::mt19937 random(1);
  const auto narrow = [&](const Shape& shape) { return cast_to(random_tensor(random, shape), DType::kBF16); };
  const Conv op{.group = 45, .strides = {2, 2}, .pads = {3, 3, 3, 3}, .channels_last = true};
  const Case test{op, {narrow({2, 6, 13, 45}), narrow({90, 1, 7, 7}), random_tensor(random, {90})}, {false, true}};
  expect_bf16_rows_match(kDepthwiseFamily, test, tolerance_of(Conv::def.accuracy, 30), DType::kBF16);
}

TileInstruction unary(UnaryFn fn, int64_t operand) { return {Unary{fn}, {operand}}; }
TileInstruction binary(BinaryFn fn, int64_t a, int64_t b) { return {Binary{fn}, {a, b}}; }

TEST(Bf16Depthwise, RunsEpiloguesInF32) {
  struct Epilogue {
    std::vector<TileInstruction> body;
    std::vector<Shape> operands;
    DType result = DType::kBF16;
  };
  const std::vector<Epilogue> epilogues = {
      {{unary(UnaryFn::kRelu, 0)}, {}},
      {{binary(BinaryFn::kMax, 0, 1), binary(BinaryFn::kMin, 3, 2)}, {{1, 1, 1, 1}, {1, 1, 1, 1}}},
      {{unary(UnaryFn::kHardSwish, 0)}, {}, DType::kF32},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 3, 1), binary(BinaryFn::kAdd, 4, 2)},
       {{1, 1, 1, 1}, {1, 1, 1, 1}}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)}, {{2, 150, 6, 9}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{2, 150, 1, 1}}},
      {{binary(BinaryFn::kAdd, 0, 1)}, {{1, 1, 6, 9}}},
      {{TileInstruction{Cast{DType::kF32}, {0}}}, {}, DType::kF32},
  };
  for (const Epilogue& epilogue : epilogues) {
    Conv op;
    op.pads = {1, 1, 1, 1};
    op.epilogue = epilogue.body;
    expect_depthwise({2, 150, 6, 9}, {3, 3}, op, true, epilogue.operands, epilogue.result);
  }
}

}  // namespace
}  // namespace ingot::kernels
