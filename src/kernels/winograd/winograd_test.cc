#include "kernels/winograd/winograd.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

// The transforms enlarge rounding: up to 6e-5 of the root mean square of the sums with F(4x4).
void expect_winograd(const Convolution& conv) {
  for (const bool last : {true, false}) {
    std::mt19937 random(1);
    Conv op = conv.op;
    op.channels_last = last;
    const auto turned = [&](const Shape& shape) { return last ? channels_last(shape) : shape; };
    Case test{op, {random_tensor(random, turned(conv.x)), random_tensor(random, conv.w)}, {false, true}};
    test.inputs.push_back(conv.with_bias ? random_tensor(random, {conv.w[0]}) : Tensor());
    for (const Shape& shape : conv.operands) test.inputs.push_back(random_tensor(random, turned(shape)));
    const double deviation = std::sqrt(static_cast<double>(conv.w[1]) * 9) / 3;  // of the sums
    expect_rows_match(kWinogradFamily, test, {0, 64 * std::ldexp(deviation + 1, -20), 0});
  }
}

void expect_bf16_winograd(const Convolution& conv, DType result = DType::kBF16) {
  const double deviation = std::sqrt(static_cast<double>(conv.w[1]) * 9) / 3;  // of the sums
  expect_bf16_rows_match(kWinogradFamily, bf16_case(conv), {0, 64 * std::ldexp(deviation + 1, -20), 0}, result);
}

const Conv kPadded = {.pads = {1, 1, 1, 1}};

TEST(Winograd, ConvolvesImagesOfEverySizeModuloTheTile) {
  for (int64_t height = 1; height <= 9; ++height)
    expect_winograd({{1, 8, height, 10 - height}, {16, 8, 3, 3}, kPadded});
  expect_winograd({{1, 8, 7, 6}, {16, 8, 3, 3}});
}

TEST(Winograd, TakesChannelsAndFiltersThatFillNoVector) {
  for (const int64_t channels : {1, 3, 17, 30}) {
    expect_winograd({{1, channels, 6, 5}, {channels + 4, channels, 3, 3}, kPadded});
  }
}

TEST(Winograd, HandlesUnequalAndNegativePads) {
  expect_winograd({{1, 16, 8, 9}, {16, 16, 3, 3}, {.pads = {2, 0, 1, 3}}});
  expect_winograd({{1, 16, 8, 9}, {16, 16, 3, 3}, {.pads = {-1, -2, 0, -1}}});
  expect_winograd({{1, 16, 5, 5}, {16, 16, 3, 3}, {.auto_pad = AutoPad::kSameLower}});
}

TEST(Winograd, GoesRoundByRoundAndDeepSumsInParts) {
  expect_winograd({{2, 24, 40, 37}, {70, 24, 3, 3}, kPadded});
  expect_winograd({{1, 520, 7, 7}, {130, 520, 3, 3}, kPadded});
}

TEST(Winograd, RunsEpilogues) {
  const std::vector<ConvEpilogue> epilogues = {
      {{unary(UnaryFn::kRelu, 0)}, {}},
      {{unary(UnaryFn::kSilu, 0)}, {}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)}, {{2, 20, 6, 5}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{2, 20, 1, 1}}},
      {{unary(UnaryFn::kSilu, 0), binary(BinaryFn::kAdd, 2, 1)}, {{2, 20, 6, 5}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{1, 1, 6, 5}}},
  };
  for (const ConvEpilogue& epilogue : epilogues) {
    Conv op = kPadded;
    op.epilogue = epilogue.body;
    expect_winograd({{2, 12, 6, 5}, {20, 12, 3, 3}, op, true, epilogue.operands});
    expect_winograd({{2, 12, 6, 5}, {20, 12, 3, 3}, op, false, epilogue.operands});
  }
}

TEST(Winograd, ConvolvesBf16WithOneRounding) {
  for (int64_t height = 1; height <= 9; ++height)
    expect_bf16_winograd({{1, 8, height, 10 - height}, {16, 8, 3, 3}, kPadded});
  for (const int64_t channels : {1, 3, 17, 30})
    expect_bf16_winograd({{2, channels, 6, 5}, {channels + 4, channels, 3, 3}, kPadded});
  expect_bf16_winograd({{1, 16, 8, 9}, {16, 16, 3, 3}, {.pads = {-1, 0, 1, 3}}});
  expect_bf16_winograd({{2, 24, 40, 37}, {70, 24, 3, 3}, kPadded});
  expect_bf16_winograd({{1, 520, 7, 7}, {130, 520, 3, 3}, kPadded});
}

TEST(Winograd, RunsEpiloguesOfBf16InF32) {
  for (const ConvEpilogue& epilogue : bf16_epilogues()) {
    Conv op = kPadded;
    op.epilogue = epilogue.body;
    expect_bf16_winograd({{2, 12, 6, 5}, {20, 12, 3, 3}, op, true, epilogue.operands});
    expect_bf16_winograd({{2, 12, 6, 5}, {20, 12, 3, 3}, op, false, epilogue.operands});
  }
  Conv op = kPadded;
  op.epilogue = {{Cast{DType::kF32}, {0}}};
  expect_bf16_winograd({{2, 12, 6, 5}, {20, 12, 3, 3}, op}, DType::kF32);
}

TEST(Winograd, RefusesOtherConvolutionsWithAReason) {
  const auto refused = [](const Conv& op, const Shape& w, bool constant = true) {
    Problem problem{op, {{DType::kF32, {1, 8, 9, 9}}, {DType::kF32, w, constant}}, {{DType::kF32, {1, 16, -1, -1}}}};
    const char* reason = kWinogradFamily.rows.back().refuse(problem);
    return std::string(reason == nullptr ? "" : reason);
  };
  EXPECT_EQ(refused({}, {16, 8, 3, 3}), "");
  EXPECT_EQ(refused({}, {16, 8, 3, 3}, false), "weights are not constant");
  EXPECT_EQ(refused({}, {16, 8, 5, 3}), "kernel is not 3x3");
  EXPECT_EQ(refused({}, {16, 0, 3, 3}), "no channels");
  EXPECT_EQ(refused({.group = 2}, {16, 4, 3, 3}), "groups");
  EXPECT_EQ(refused({.strides = {2, 1}}, {16, 8, 3, 3}), "strides");
  EXPECT_EQ(refused({.dilations = {1, 2}}, {16, 8, 3, 3}), "dilations");
}

}  // namespace
}  // namespace ingot::kernels
