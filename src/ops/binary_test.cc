#include "ops/binary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/cast.h"
#include "ops/op_testing.h"
#include "ops/where.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Fact sizes(std::string_view text) {
  DimShape elements = *fact("i64[" + std::string(text) + "]").shape;
  const auto count = static_cast<int64_t>(elements.size());
  return elements_fact(DType::kI64, {count}, std::move(elements));
}

std::string elements_text(const Fact& fact) { return fact.elements ? dims_text(*fact.elements) : "unknown"; }

template <class T> T binary(BinaryFn fn, T a, T b) {
  return eval_tensor(Binary{fn}, {Tensor::scalar(a), Tensor::scalar(b)}).template data<T>()[0];
}

TEST(Binary, BroadcastsSymbolicShapes) {
  EXPECT_EQ(infer_text(Binary{BinaryFn::kAdd}, {fact("f32[n,1,4]"), fact("f32[3,1]")}), "f32[n,3,4]");
  EXPECT_EQ(infer_text(Binary{BinaryFn::kAdd}, {fact("f32[?]"), fact("f32[3,1]")}), "f32[?]");
  EXPECT_EQ(infer_text(Binary{BinaryFn::kLess}, {fact("f32[n]"), fact("f32[n]")}), "bool[n]");
  EXPECT_EQ(infer_text(Binary{BinaryFn::kPow}, {fact("f16[2]"), fact("i64[]")}), "f16[2]");
}

TEST(Binary, RefusesTypesThatDoNotFit) {
  EXPECT_THROW(infer_text(Binary{BinaryFn::kAdd}, {fact("f32[2]"), fact("f16[2]")}), Error);
  EXPECT_THROW(infer_text(Binary{BinaryFn::kAnd}, {fact("f32[2]"), fact("f32[2]")}), Error);
  EXPECT_THROW(infer_text(Binary{BinaryFn::kAdd}, {fact("string[2]"), fact("string[2]")}), Error);
  EXPECT_THROW(infer_text(Binary{BinaryFn::kAdd}, {fact("f32[2]"), fact("f32[3]")}), Error);
}

TEST(Binary, TracksSizesThroughArithmetic) {
  const auto run = [](BinaryFn fn, std::string_view a, std::string_view b) {
    return elements_text(infer_facts(Binary{fn}, {sizes(a), sizes(b)})[0]);
  };
  EXPECT_EQ(run(BinaryFn::kMul, "n,2", "4"), "[4*n,8]");
  EXPECT_EQ(run(BinaryFn::kSub, "n,7", "1"), "[-1+n,6]");
  EXPECT_EQ(run(BinaryFn::kDiv, "n,7", "2"), "[floor(n,2),3]");
  EXPECT_EQ(run(BinaryFn::kDiv, "-1*n,6", "2"), "unknown") << "truncation is not floor for negative numbers";
  EXPECT_EQ(run(BinaryFn::kMod, "n", "4"), "[-4*floor(n,4)+n]");
  EXPECT_EQ(run(BinaryFn::kMax, "n", "4"), "[max(4,n)]");
}

TEST(Binary, TracksSizesHeldByFloats) {
  const auto run = [](BinaryFn fn, std::string_view a, float b) {
    const Fact x = infer_facts(Cast{DType::kF32}, {sizes(a)})[0];
    return elements_text(infer_facts(Binary{fn}, {x, Fact::of(Tensor::scalar(b))})[0]);
  };
  EXPECT_EQ(run(BinaryFn::kMul, "n", 2), "[2*n]");
  EXPECT_EQ(run(BinaryFn::kMul, "n", 0.5f), "unknown");
  EXPECT_EQ(run(BinaryFn::kDiv, "4*n", 2), "[2*n]");
  EXPECT_EQ(run(BinaryFn::kDiv, "n", 2), "unknown") << "n / 2 need not be whole";
  const Fact x = infer_facts(Cast{DType::kF32}, {sizes("n")})[0];
  EXPECT_EQ(elements_text(infer_facts(Binary{BinaryFn::kMul}, {x, x})[0]), "unknown") << "may be rounded";
}

TEST(Binary, DecidesComparisonsOfSizes) {
  const auto equal = infer_facts(Binary{BinaryFn::kEqual}, {sizes("n,3"), sizes("-1,3")})[0];
  ASSERT_TRUE(equal.value.has_value());
  EXPECT_FALSE(equal.value->data<bool>()[0]);
  EXPECT_TRUE(equal.value->data<bool>()[1]);
  EXPECT_FALSE(infer_facts(Binary{BinaryFn::kEqual}, {sizes("n"), sizes("3")})[0].value.has_value());
  const auto chosen = infer_facts(Where{}, {equal, sizes("1,1"), sizes("n,5")})[0];
  EXPECT_EQ(elements_text(chosen), "[n,1]");
}

TEST(Binary, IsExactOnIntegers) {
  EXPECT_EQ(binary<int64_t>(BinaryFn::kMul, INT64_MAX, 2), -2);
  EXPECT_EQ(binary<int64_t>(BinaryFn::kDiv, INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(binary<int64_t>(BinaryFn::kDiv, 5, 0), 0);
  EXPECT_EQ(binary<int32_t>(BinaryFn::kDiv, -7, 2), -3);
  EXPECT_EQ(binary<int32_t>(BinaryFn::kMod, -7, 2), 1);
  EXPECT_EQ(binary<int32_t>(BinaryFn::kFmod, -7, 2), -1);
  EXPECT_EQ(binary<uint64_t>(BinaryFn::kMax, UINT64_MAX, 1), UINT64_MAX);
  EXPECT_EQ(binary<uint64_t>(BinaryFn::kDiv, UINT64_MAX, 2), UINT64_MAX / 2);
  EXPECT_EQ(binary<uint8_t>(BinaryFn::kShiftLeft, 3, 7), 128);
  EXPECT_EQ(binary<uint8_t>(BinaryFn::kAdd, 200, 100), 44);
  EXPECT_EQ(binary<int64_t>(BinaryFn::kPow, 3, 39), 4052555153018976267);
  EXPECT_EQ(binary<int64_t>(BinaryFn::kPow, -1, -3), -1);
}

TEST(Binary, PropagatesNan) {
  EXPECT_TRUE(std::isnan(binary<float>(BinaryFn::kMin, NAN, 1)));
  EXPECT_TRUE(std::isnan(binary<float>(BinaryFn::kMax, 1, NAN)));
}

TEST(Binary, PowHasTheTypeOfItsBase) {
  const Tensor y = eval_tensor(Binary{BinaryFn::kPow}, {Tensor::of<int32_t>({2}, {2, 9}), Tensor::scalar(0.5f)});
  EXPECT_EQ(to_ints(y), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(y.dtype(), DType::kI32);
}

TEST(Binary, ComparesStrings) {
  const Tensor y = eval_tensor(Binary{BinaryFn::kEqual},
                               {Tensor::of<std::string>({2}, {"a", "b"}), Tensor::scalar<std::string>("b")});
  EXPECT_EQ(to_ints(y), (std::vector<int64_t>{0, 1}));
}

TEST(Cast, ConvertsStringsBothWays) {
  const Tensor x = Tensor::of<std::string>({5}, {" 1.5", "-INF", "nan", "1e400", "+2E1"});
  const auto y = to_doubles(eval_tensor(Cast{DType::kF64}, {x}));
  EXPECT_EQ(y[0], 1.5);
  EXPECT_EQ(y[1], -INFINITY);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(y[3], INFINITY);
  EXPECT_EQ(y[4], 20);
  const Tensor text = eval_tensor(Cast{DType::kString}, {Tensor::of<float>({3}, {0.1f, 3, -INFINITY})});
  EXPECT_EQ(text.data<std::string>()[0], "0.1");
  EXPECT_EQ(text.data<std::string>()[1], "3");
  EXPECT_EQ(text.data<std::string>()[2], "-INF");
  EXPECT_THROW(eval_tensor(Cast{DType::kF32}, {Tensor::scalar<std::string>("x1")}), Error);
  const Tensor large = eval_tensor(Cast{DType::kU64}, {Tensor::scalar<std::string>("18446744073709551615")});
  EXPECT_EQ(large.data<uint64_t>()[0], UINT64_MAX);
}

TEST(Cast, KeepsTrackedSizesInTypesThatHoldThem) {
  EXPECT_EQ(elements_text(infer_facts(Cast{DType::kI32}, {sizes("n,2")})[0]), "[n,2]");
  EXPECT_EQ(elements_text(infer_facts(Cast{DType::kF32}, {sizes("n,2")})[0]), "[n,2]");
  EXPECT_EQ(elements_text(infer_facts(Cast{DType::kF32}, {sizes("n,16777217")})[0]), "unknown");
  EXPECT_EQ(elements_text(infer_facts(Cast{DType::kF16}, {sizes("n,2")})[0]), "unknown");
}

TEST(Cast, KeepsU64AboveI64) {
  const Tensor x = Tensor::scalar<uint64_t>(UINT64_MAX);
  EXPECT_EQ(eval_tensor(Cast{DType::kF64}, {x}).data<double>()[0], 18446744073709551616.0);
  EXPECT_EQ(eval_tensor(Cast{DType::kString}, {x}).data<std::string>()[0], "18446744073709551615");
}

}  // namespace
}  // namespace ingot
