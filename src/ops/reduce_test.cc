#include "ops/reduce.h"

#include <gtest/gtest.h>

#include "ops/layer_norm.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Fact axes_fact(const std::vector<int64_t>& axes) {
  return Fact::of(Tensor::of<int64_t>({static_cast<int64_t>(axes.size())}, axes));
}

TEST(Reduce, InfersFromFieldOrInput) {
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {1, -1}, true, false}, {fact("f32[n,c,h]")}), "f32[n,1,1]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {}, false, false}, {fact("f32[n,c,h]")}), "f32[]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {}, false, true}, {fact("f32[n,c,h]")}), "f32[n,c,h]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {}, false, false}, {fact("f32[n,c,h]"), axes_fact({0})}), "f32[c,h]");
}

TEST(Reduce, KeepsWhatIsKnownWhenAxesAreNot) {
  EXPECT_EQ(infer_text(Reduce{}, {fact("f32[n,c]"), fact("i64[k]")}), "f32[new0,new1]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {}, false, false}, {fact("f32[n,c]"), fact("i64[1]")}), "f32[new0]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {}, false, false}, {fact("f32[n,c]"), fact("i64[k]")}), "f32[?]");
  EXPECT_EQ(infer_text(Reduce{ReduceFn::kSum, {1}, true, false}, {fact("f32[?]")}), "f32[?]");
}

TEST(Reduce, RefusesAxesOutOfRangeAndTwice) {
  EXPECT_THROW(infer_text(Reduce{ReduceFn::kSum, {2}, true, false}, {fact("f32[n,c]")}), Error);
  EXPECT_THROW(infer_text(Reduce{ReduceFn::kSum, {1, -1}, true, false}, {fact("f32[n,c]")}), Error);
  EXPECT_THROW(eval_tensor(Reduce{ReduceFn::kSum, {-3}, true, false}, {Tensor(DType::kF32, {2, 2})}), Error);
}

TEST(Reduce, OfNothingIsTheNeutralElement) {
  const Tensor none(DType::kF32, {2, 0}), ints(DType::kI8, {0});
  const auto one = [&](ReduceFn fn, const Tensor& x) {
    return read_double(eval_tensor(Reduce{fn, {}, false, false}, {x}), 0);
  };
  EXPECT_EQ(one(ReduceFn::kSum, none), 0);
  EXPECT_EQ(one(ReduceFn::kProd, none), 1);
  EXPECT_EQ(one(ReduceFn::kMax, none), -INFINITY);
  EXPECT_EQ(one(ReduceFn::kMin, ints), 127);
  EXPECT_EQ(one(ReduceFn::kMax, ints), -128);
  EXPECT_EQ(one(ReduceFn::kLogSumExp, none), -INFINITY);
}

TEST(Reduce, IsExactOnLargeIntegers) {
  const auto x = Tensor::of<int64_t>({2}, {(int64_t{1} << 60) + 1, 1});
  EXPECT_EQ(to_ints(eval_tensor(Reduce{ReduceFn::kSum, {0}, false, false}, {x}))[0], (int64_t{1} << 60) + 2);
  EXPECT_EQ(to_ints(eval_tensor(Reduce{ReduceFn::kMax, {0}, false, false}, {x}))[0], (int64_t{1} << 60) + 1);
}

TEST(Reduce, LogSumExpDoesNotOverflow) {
  const auto x = Tensor::of<float>({2}, {1000, 1000});
  EXPECT_NEAR(read_double(eval_tensor(Reduce{ReduceFn::kLogSumExp, {0}, false, false}, {x}), 0), 1000.693147, 1e-4);
}

TEST(LayerNorm, InfersStatisticsAndChecksOperands) {
  LayerNorm norm;
  norm.axis = -2;
  norm.with_statistics = true;
  const auto facts = infer_facts(norm, {fact("f16[n,s,8]"), fact("f16[8]")});
  EXPECT_EQ(facts[1].text(), "f32[n,1,1]");
  EXPECT_THROW(infer_facts(norm, {fact("f16[n,s,8]"), fact("f16[7]")}), Error);
  EXPECT_THROW(infer_facts(norm, {fact("f16[n]")}), Error);
}

}  // namespace
}  // namespace ingot
