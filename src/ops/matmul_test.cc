#include "ops/matmul.h"

#include <gtest/gtest.h>

#include "ops/fused.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(MatMul, InfersSymbolicBatchesAndTranspositions) {
  EXPECT_EQ(infer_text(MatMul{}, {fact("f32[b,1,m,k]"), fact("f32[h,k,8]")}), "f32[b,h,m,8]");
  MatMul transposed;
  transposed.trans_a = transposed.trans_b = true;
  EXPECT_EQ(infer_text(transposed, {fact("f16[k,m]"), fact("f16[8,k]")}), "f16[m,8]");
}

TEST(MatMul, LeavesTheRankOpenWhenAnOperandsRankIsUnknown) {
  EXPECT_EQ(infer_text(MatMul{}, {fact("f32[?]"), fact("f32[3,4]")}), "f32[?]");
}

TEST(MatMul, RefusesShapesAndTypesThatDoNotFit) {
  EXPECT_THROW(infer_text(MatMul{}, {fact("f32[2,3]"), fact("f32[4,5]")}), Error);
  EXPECT_THROW(infer_text(MatMul{}, {fact("f32[3]"), fact("f32[3,5]")}), Error);
  EXPECT_THROW(infer_text(MatMul{}, {fact("f32[2,3]"), fact("f16[3,5]")}), Error);
  EXPECT_THROW(infer_text(MatMul{}, {fact("f32[2,3]"), fact("f32[3,5]"), fact("f32[4]")}), Error);
  EXPECT_THROW(eval_tensor(MatMul{}, {Tensor(DType::kF32, {2, 3}), Tensor(DType::kF32, {4, 5})}), Error);
}

TEST(MatMul, WrapsIntegersIn64Bits) {
  const auto a = Tensor::of<int64_t>({1, 2}, {INT64_MAX, 1}), b = Tensor::of<int64_t>({2, 1}, {2, 7});
  EXPECT_EQ(to_ints(eval_tensor(MatMul{}, {a, b})), std::vector<int64_t>{5});
}

TEST(MatMul, ScalesBeforeAddingTheBias) {
  MatMul matmul;
  matmul.alpha = 0.5;
  const auto a = Tensor::of<float>({1, 2}, {2, 4}), b = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const auto y = eval_tensor(matmul, {a, b, Tensor::of<float>({2}, {10, 20})});
  EXPECT_EQ(to_doubles(y), (std::vector<double>{17, 30}));
}

TEST(MatMul, GivesAnEmptyOrZeroResultForEmptyOperands) {
  EXPECT_EQ(eval_tensor(MatMul{}, {Tensor(DType::kF32, {0, 3}), Tensor(DType::kF32, {3, 2})}).shape(), (Shape{0, 2}));
  const auto zero = eval_tensor(MatMul{}, {Tensor(DType::kF32, {1, 0}), Tensor(DType::kF32, {0, 2})});
  EXPECT_EQ(to_doubles(zero), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace ingot
