#include "tensor/compare.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ingot {
namespace {

Tensor floats(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::of<float>({count}, values);
}

TEST(Compare, ExactWhenTheToleranceIsZero) {
  EXPECT_TRUE(compare(floats({1, 2}), floats({1, 2}), {}).equal);
  const Comparison result = compare(floats({1, 2.5f}), floats({1, 2}), {});
  EXPECT_FALSE(result.equal);
  EXPECT_EQ(result.mismatches, 1);
  EXPECT_EQ(result.worst_index, 1);
  EXPECT_EQ(result.max_absolute, 0.5);
  EXPECT_EQ(result.max_scaled, 0.25);
  EXPECT_NE(result.reason.find("1 of 2 elements differ; worst at 1: 2.5 where 2 was expected"), std::string::npos);
}

TEST(Compare, EachToleranceAllowsItsOwnMeasure) {
  EXPECT_TRUE(compare(floats({100, 1.1f}), floats({100, 1}), {.atol = 0.11}).equal);
  EXPECT_TRUE(compare(floats({100, 1.1f}), floats({100, 1}), {.rtol = 0.11}).equal);
  EXPECT_TRUE(compare(floats({100, 1.1f}), floats({100, 1}), {.scaled = 0.0011}).equal);
  EXPECT_FALSE(compare(floats({100, 1.1f}), floats({100, 1}), {.scaled = 0.0009}).equal);
}

TEST(Compare, NanEqualsNanAndInfinityItsLikeAtAnyTolerance) {
  EXPECT_TRUE(compare(floats({NAN, INFINITY}), floats({NAN, INFINITY}), {}).equal);
  const Tolerance loose{1, 1, 1};
  EXPECT_FALSE(compare(floats({1}), floats({INFINITY}), loose).equal);
  EXPECT_FALSE(compare(floats({INFINITY}), floats({1}), loose).equal);
  EXPECT_FALSE(compare(floats({-INFINITY}), floats({INFINITY}), loose).equal);
  EXPECT_FALSE(compare(floats({1}), floats({NAN}), loose).equal);
  EXPECT_FALSE(compare(floats({NAN}), floats({1}), loose).equal);
}

TEST(Compare, SixtyFourBitIntegersAreComparedExactly) {
  const int64_t big = int64_t{1} << 60;
  EXPECT_FALSE(compare(Tensor::scalar<int64_t>(big + 1), Tensor::scalar<int64_t>(big), {}).equal);
  EXPECT_TRUE(compare(Tensor::scalar<int64_t>(big + 1), Tensor::scalar<int64_t>(big), {.atol = 1}).equal);
  EXPECT_FALSE(compare(Tensor::scalar<uint64_t>(~0ull), Tensor::scalar<uint64_t>(~0ull - 1), {}).equal);
  EXPECT_EQ(compare(Tensor::scalar<uint64_t>(~0ull), Tensor::scalar<uint64_t>(0), {}).max_absolute, 0x1p64);
}

TEST(Compare, TypeAndShapeMustAgree) {
  EXPECT_EQ(compare(floats({1}), Tensor::scalar(1.0f), {}).reason, "f32[1] where f32[] was expected");
  EXPECT_FALSE(compare(Tensor::scalar(1.0), Tensor::scalar(1.0f), {1, 1, 1}).equal);
}

TEST(Compare, StringsComplexAndEmptyTensors) {
  EXPECT_TRUE(compare(Tensor::of<std::string>({1}, {"a"}), Tensor::of<std::string>({1}, {"a"}), {}).equal);
  EXPECT_EQ(compare(Tensor::of<std::string>({1}, {"a"}), Tensor::of<std::string>({1}, {"b"}), {1, 1, 1}).reason,
            "element 0: 'a' where 'b' was expected");
  using C = std::complex<float>;
  EXPECT_TRUE(compare(Tensor::scalar<C>({1, 2}), Tensor::scalar<C>({1, 2}), {}).equal);
  EXPECT_FALSE(compare(Tensor::scalar<C>({1, 2}), Tensor::scalar<C>({1, 3}), {}).equal);
  EXPECT_TRUE(compare(Tensor(DType::kF32, {0, 3}), Tensor(DType::kF32, {0, 3}), {}).equal);
}

TEST(Compare, SequencesNameTheItemAndKeepTheLargestError) {
  const Value expected = Value::sequence({floats({1}), floats({2})});
  const Comparison close = compare(Value::sequence({floats({1.25f}), floats({2})}), expected, {.atol = 0.5});
  EXPECT_TRUE(close.equal);
  EXPECT_EQ(close.max_absolute, 0.25);
  EXPECT_EQ(compare(Value::sequence({floats({1}), floats({5})}), expected, {}).reason.rfind("item 1: ", 0), 0u);
  EXPECT_FALSE(compare(Value::sequence({floats({1})}), expected, {}).equal);
  EXPECT_FALSE(compare(Value(), expected, {}).equal);
  EXPECT_TRUE(compare(Value(), Value(), {}).equal);
}

}  // namespace
}  // namespace ingot
