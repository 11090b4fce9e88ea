#include "kernels/conv/int8_conv.h"

#include "kernels/conv/conv_testing.h"
#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/cast.h"
#include "ops/conv_integer.h"

namespace ingot::kernels {
namespace {

struct Integers {
  Shape x, w;  // channels first
  ConvInteger op = {};
  DType type = DType::kU8;
  int zero = 0;
  std::vector<Tensor> operands = {};
};

void expect_integers(Integers test, const Tolerance& tolerance = {}) {
  std::mt19937 random(1);
  test.op.channels_last = true;
  Tensor zero(test.type, Shape{});
  write_int(zero, 0, test.zero);
  Case problem{test.op,
               {random_bytes(random, test.type, channels_last(test.x)), random_bytes(random, DType::kI8, test.w), zero,
                Tensor()},
               {false, true}};
  problem.inputs.insert(problem.inputs.end(), test.operands.begin(), test.operands.end());
  expect_rows_match(kIntegerConvFamily, problem, tolerance);
}

ConvInteger with(std::vector<int64_t> pads, std::vector<int64_t> strides = {}, int64_t group = 1) {
  ConvInteger op;
  op.pads = std::move(pads);
  op.strides = std::move(strides);
  op.group = group;
  return op;
}

TEST(IntegerConv, ConvolvesEveryShape) {
  expect_integers({.x = {2, 40, 9, 7}, .w = {70, 40, 1, 1}, .zero = 100});
  expect_integers({.x = {1, 40, 9, 7}, .w = {20, 40, 3, 3}, .op = with({1, 1, 1, 1}), .zero = 100});
  expect_integers({.x = {1, 40, 9, 7}, .w = {20, 40, 3, 3}, .op = with({1, 1, 1, 1}, {2, 2}), .zero = 3});
  expect_integers({.x = {1, 3, 17, 19}, .w = {20, 3, 7, 7}, .op = with({3, 3, 3, 3}, {2, 2}), .zero = 120});
  expect_integers({.x = {1, 30, 12}, .w = {20, 30, 5}, .op = with({2, 2}), .zero = 1});
  expect_integers({.x = {1, 30, 5, 6, 4}, .w = {20, 30, 3, 3, 3}, .op = with({1, 1, 1, 1, 1, 1}), .zero = 1});
}

// Outside the data lies its zero point, signed or not.
TEST(IntegerConv, TakesSignedDataAndGroups) {
  const DType type = DType::kI8;
  expect_integers({.x = {2, 40, 9, 7}, .w = {20, 40, 3, 3}, .op = with({1, 1, 1, 1}), .type = type, .zero = -5});
  expect_integers({.x = {1, 3, 9, 8}, .w = {20, 3, 3, 3}, .op = with({1, 1, 1, 1}), .type = type, .zero = 5});
  expect_integers({.x = {2, 40, 9, 7}, .w = {60, 10, 3, 3}, .op = with({1, 1, 1, 1}, {}, 4), .zero = 9});
}

TEST(IntegerConv, ScalesItsSumsAndAddsAResidualOfItsShape) {
  std::mt19937 random(1);
  ConvInteger op = with({1, 1, 1, 1});
  op.epilogue = {{Cast{DType::kF32}, {0}}, binary(BinaryFn::kMul, 4, 1), binary(BinaryFn::kAdd, 5, 2),
                 {Cast{DType::kF32}, {3}}, binary(BinaryFn::kAdd, 6, 7), unary(UnaryFn::kRelu, 8)};
  const auto floats = [&](const Shape& shape) { return random_tensor(random, shape, 0, 0.001f); };
  expect_integers({.x = {2, 40, 9, 7},
                   .w = {20, 40, 3, 3},
                   .op = op,
                   .zero = 100,
                   .operands = {floats({20}), floats({20}), random_bytes(random, DType::kU8, {2, 9, 7, 20})}},
                  {0, 6e-5, 0});  // of addends up to 500
}

TEST(IntegerConv, RefusesChannelsFirst) {
  const Problem problem{
      ConvInteger{}, {{DType::kU8, {1, 8, 4, 4}}, {DType::kI8, {8, 8, 1, 1}, true}}, {{DType::kI32, {1, 8, 4, 4}}}};
  EXPECT_STREQ(candidates(problem, {IsaLevel::kAvx512Vnni, 1}).front().refused, "the data is not channels-last");
}

}  // namespace
}  // namespace ingot::kernels
