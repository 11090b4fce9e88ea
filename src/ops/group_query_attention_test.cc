#include "ops/group_query_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/inverse.h"
#include "ops/matmul_nbits.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

GroupQueryAttention one_head() {
  GroupQueryAttention op;
  op.q_heads = op.kv_heads = 1;
  return op;
}

// One sequence of one head of two numbers; `past` rows in a cache of `cache`.
std::vector<Value> step(const GroupQueryAttention& op, int64_t tokens, int64_t total, int64_t cache, int64_t last) {
  const Tensor rows(DType::kF32, {1, tokens, 2});
  const Tensor past = cache > 0 ? Tensor(DType::kF32, {1, 1, cache, 2}) : Tensor();
  return eval_values(op, {rows, rows, rows, past, past, Tensor::of<int32_t>({1}, {static_cast<int32_t>(last)}),
                          Tensor::scalar<int32_t>(static_cast<int32_t>(total))});
}

TEST(GroupQueryAttention, ExtendsTheCacheOrWritesIntoItsFreeRows) {
  EXPECT_EQ(step(one_head(), 1, 4, 3, 3)[1].tensor().shape(), (Shape{1, 1, 4, 2}));
  EXPECT_EQ(step(one_head(), 1, 4, 8, 3)[1].tensor().shape(), (Shape{1, 1, 8, 2}));
  EXPECT_EQ(step(one_head(), 4, 4, 0, 3)[0].tensor().shape(), (Shape{1, 4, 2}));
}

TEST(GroupQueryAttention, RefusesLengthsOutsideTheCache) {
  EXPECT_THROW(step(one_head(), 1, 4, 3, 4), Error);
  EXPECT_THROW(step(one_head(), 1, 4, 3, -1), Error);
  EXPECT_THROW(step(one_head(), 1, 5, 2, 4), Error);
  EXPECT_THROW(step(one_head(), 4, 3, 0, 2), Error);
  auto op = one_head();
  op.kv_heads = 0;
  EXPECT_THROW(step(op, 1, 1, 0, 0), Error);
}

TEST(GroupQueryAttention, NormalizesHeadsBeforeTheScores) {
  const Tensor rows = Tensor::of<float>({1, 2, 2}, {3, 4, 30, 40});
  const Tensor ones = Tensor::of<float>({2}, {1, 1});
  const Tensor none, seqlens = Tensor::of<int32_t>({1}, {1}), total = Tensor::scalar<int32_t>(2);
  auto op = one_head();
  op.q_epsilon = op.k_epsilon = 0;
  const auto cache =
      eval_values(op, {rows, rows, rows, none, none, seqlens, total, none, none, none, none, none, ones, ones})[1]
          .tensor();
  EXPECT_NEAR(read_double(cache, 0), read_double(cache, 2), 1e-6);
  EXPECT_NEAR(read_double(cache, 0), 3 / std::sqrt(12.5), 1e-6);
}

TEST(GroupQueryAttention, InfersItsCache) {
  const auto op = one_head();
  const auto facts = infer_facts(op, {fact("f32[b,1,2]"), fact("f32[b,1,2]"), fact("f32[b,1,2]"), fact("f32[b,1,p,2]"),
                                      fact("f32[b,1,p,2]"), fact("i32[b]"), Fact::of(Tensor::scalar<int32_t>(9))});
  EXPECT_EQ(facts[0].text(), "f32[b,1,2]");
  EXPECT_EQ((*facts[1].shape)[2].eval({{"p", 3}}), 9);
  EXPECT_EQ((*facts[1].shape)[2].eval({{"p", 16}}), 16);
}

TEST(MatMulNBits, RefusesWeightsOfAnotherSize) {
  const MatMulNBits op{40, 3, 4, 16};
  const Tensor x(DType::kF32, {2, 40}), scales(DType::kF32, {3, 3});
  EXPECT_EQ(eval_tensor(op, {x, Tensor(DType::kU8, {3, 3, 8}), scales}).shape(), (Shape{2, 3}));
  EXPECT_THROW(eval_tensor(op, {x, Tensor(DType::kU8, {3, 3, 7}), scales}), Error);
  EXPECT_THROW(eval_tensor(op, {x, Tensor(DType::kU8, {3, 3, 8}), Tensor(DType::kF32, {3, 2})}), Error);
  EXPECT_THROW(eval_tensor(op, {Tensor(DType::kF32, {2, 48}), Tensor(DType::kU8, {3, 3, 8}), scales}), Error);
  EXPECT_THROW(eval_tensor(MatMulNBits{40, 3, 5, 16}, {x, Tensor(DType::kU8, {3, 3, 8}), scales}), Error);
  EXPECT_THROW(eval_tensor(MatMulNBits{INT64_MAX, 3, 4, 16}, {x, Tensor(DType::kU8, {3, 3, 8}), scales}), Error);
  EXPECT_EQ(infer_text(op, {fact("f16[b,s,40]"), fact("u8[3,3,8]"), fact("f16[3,3]")}), "f16[b,s,3]");
}

TEST(Inverse, PivotsAndPassesSingularMatrices) {
  const Tensor x = Tensor::of<float>({2, 2, 2}, {0, 2, 4, 0, 1, 1, 1, 1});
  const auto y = to_doubles(eval_tensor(Inverse{}, {x}));
  EXPECT_EQ(std::vector<double>(y.begin(), y.begin() + 4), (std::vector<double>{0, 0.25, 0.5, 0}));
  EXPECT_FALSE(std::isfinite(y[4]));
  EXPECT_THROW(eval_tensor(Inverse{}, {Tensor(DType::kF32, {2, 3})}), Error);
}

}  // namespace
}  // namespace ingot
