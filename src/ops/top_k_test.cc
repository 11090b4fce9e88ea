#include "ops/top_k.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/arg_reduce.h"
#include "ops/cumulative.h"
#include "ops/det.h"
#include "ops/einsum.h"
#include "ops/op_testing.h"
#include "ops/sort_key.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(TopK, InfersTheCountFromFieldValueOrExpression) {
  EXPECT_EQ(infer_text(TopK{3}, {fact("f32[n,10]")}), "f32[n,3]");
  Fact k = fact("i64[1]");
  EXPECT_EQ(infer_text(TopK{}, {fact("f32[n,10]"), k}), "f32[n,new0]");
  k.elements = DimShape{Dim::symbol("k")};
  EXPECT_EQ(infer_text(TopK{}, {fact("f32[n,10]"), k}), "f32[n,k]");
  EXPECT_THROW(infer_text(TopK{11}, {fact("f32[n,10]")}), Error);
  EXPECT_THROW(infer_text(TopK{-1}, {fact("f32[n,10]")}), Error);
  EXPECT_THROW(eval_values(TopK{}, {Tensor(DType::kF32, {4}), Tensor::of<int64_t>({1}, {5})}), Error);
}

TEST(TopK, BreaksTiesByIndexAndComparesUnsignedIntegers) {
  const auto outputs = eval_values(TopK{2}, {Tensor::of<uint64_t>({4}, {1, ~uint64_t{0}, 7, 7})});
  EXPECT_EQ(to_ints(outputs[1].tensor()), (std::vector<int64_t>{1, 2}));
}

TEST(SortKey, OrdersFloatsWithNanOnTop) {
  const auto keys = sort_keys(Tensor::of<float>({6}, {-INFINITY, -1, -0.0f, 0.0f, INFINITY, NAN}));
  EXPECT_LT(keys[0], keys[1]);
  EXPECT_LT(keys[1], keys[2]);
  EXPECT_EQ(keys[2], keys[3]);
  EXPECT_LT(keys[3], keys[4]);
  EXPECT_LT(keys[4], keys[5]);
}

TEST(ArgReduce, InfersAndRefusesEmptyAxes) {
  EXPECT_EQ(infer_text(ArgReduce{ArgFn::kMax, 1, false}, {fact("f32[n,c,h]")}), "i64[n,h]");
  EXPECT_THROW(infer_text(ArgReduce{}, {fact("f32[0,c]")}), Error);
  EXPECT_THROW(eval_tensor(ArgReduce{}, {Tensor(DType::kF32, {0, 2})}), Error);
  EXPECT_THROW(infer_text(ArgReduce{ArgFn::kMax, 3}, {fact("f32[n,c,h]")}), Error);
}

TEST(ArgReduce, FindsTheFirstNan) {
  const auto x = Tensor::of<float>({4}, {1, NAN, 9, NAN});
  EXPECT_EQ(to_ints(eval_tensor(ArgReduce{ArgFn::kMax}, {x}))[0], 1);
  EXPECT_EQ(to_ints(eval_tensor(ArgReduce{ArgFn::kMin}, {x}))[0], 1);
}

TEST(Cumulative, WrapsIntegersAndChecksTheAxis) {
  const auto x = Tensor::of<int32_t>({2}, {INT32_MAX, 1});
  EXPECT_EQ(to_ints(eval_tensor(Cumulative{}, {x})), (std::vector<int64_t>{INT32_MAX, INT32_MIN}));
  EXPECT_THROW(eval_tensor(Cumulative{}, {x, Tensor::of<int64_t>({}, {1})}), Error);
  EXPECT_THROW(infer_text(Cumulative{}, {fact("i32[2]"), Fact::of(Tensor::of<int64_t>({}, {-2}))}), Error);
}

// A phase is such a sum, multiplied by much.
TEST(Cumulative, SumsOfF32AreRoundedOnce) {
  Tensor x(DType::kF32, {1000});
  for (int64_t i = 0; i < x.count(); ++i) write_double(x, i, 0.04 + 0.01 * std::sin(static_cast<double>(i)));
  const Tensor y = eval_tensor(Cumulative{}, {x});
  double sum = 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    sum += read_double(x, i);
    EXPECT_EQ(read_double(y, i), static_cast<double>(static_cast<float>(sum)));
  }
}

TEST(Det, TakesSquareMatricesOnly) {
  EXPECT_EQ(infer_text(Det{}, {fact("f32[n,3,3]")}), "f32[n]");
  EXPECT_THROW(infer_text(Det{}, {fact("f32[n,3,4]")}), Error);
  EXPECT_THROW(infer_text(Det{}, {fact("f32[3]")}), Error);
  EXPECT_EQ(read_double(eval_tensor(Det{}, {Tensor(DType::kF32, {0, 0})}), 0), 1);
}

TEST(Einsum, InfersWithEllipsisAndImplicitResult) {
  EXPECT_EQ(infer_text(Einsum{"...ij,...jk->...ik"}, {fact("f32[b,h,m,k]"), fact("f32[k,n]")}), "f32[b,h,m,n]");
  EXPECT_EQ(infer_text(Einsum{"b a"}, {fact("f32[x,y]")}), "f32[y,x]");
}

TEST(Einsum, RefusesEquationsThatDoNotFit) {
  for (const char* equation :
       {"ij", "ij,jk,kl", "ij,jk->iz", "i1,jk", "ij,jk->ii", "....,ij", "i...j...,ij", "ij,jk->i..k"}) {
    EXPECT_THROW(infer_text(Einsum{equation}, {fact("f32[2,3]"), fact("f32[3,4]")}), Error) << equation;
  }
  EXPECT_THROW(infer_text(Einsum{"ij,jk"}, {fact("f32[2,3]"), fact("f32[4,4]")}), Error);
  EXPECT_THROW(eval_tensor(Einsum{"ij,jk"}, {Tensor(DType::kF32, {2, 3}), Tensor(DType::kF32, {4, 4})}), Error);
}

TEST(Einsum, ReadsDiagonals) {
  const auto x = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(to_doubles(eval_tensor(Einsum{"ii"}, {x})), std::vector<double>{5});
  EXPECT_EQ(to_doubles(eval_tensor(Einsum{"ii->i"}, {x})), (std::vector<double>{1, 4}));
}

}  // namespace
}  // namespace ingot
