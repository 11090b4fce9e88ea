#include "ops/conv_transpose.h"

#include <gtest/gtest.h>

#include "ops/col2im.h"
#include "ops/deform_conv.h"
#include "ops/group_norm.h"
#include "ops/max_unpool.h"
#include "ops/nll_loss.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(ConvTranspose, InfersSymbolicSizes) {
  ConvTranspose conv;
  conv.strides = {2, 2};
  conv.output_padding = {1, 0};
  EXPECT_EQ(infer_text(conv, {fact("f32[n,8,h,7]"), fact("f32[8,4,3,3]")}), "f32[n,4,2+2*h,15]");
  conv.output_padding = {};
  conv.auto_pad = AutoPad::kSameUpper;
  EXPECT_EQ(infer_text(conv, {fact("f32[n,8,h,7]"), fact("f32[8,4,3,3]")}), "f32[n,4,2*h,14]");
}

TEST(ConvTranspose, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(infer_text(ConvTranspose{}, {fact("f32[1,8,4,4]"), fact("f32[7,4,3,3]")}), Error);
  ConvTranspose conv;
  conv.group = 3;
  EXPECT_THROW(infer_text(conv, {fact("f32[1,8,4,4]"), fact("f32[8,4,3,3]")}), Error);
  conv.group = 1;
  conv.output_shape = {-1, 4};
  EXPECT_THROW(infer_text(conv, {fact("f32[1,8,4,4]"), fact("f32[8,4,3,3]")}), Error);
  conv.output_shape = {};
  conv.pads = {9, 9, 9, 9};
  EXPECT_THROW(infer_text(conv, {fact("f32[1,8,4,4]"), fact("f32[8,4,3,3]")}), Error);
}

TEST(DeformConv, WithoutOffsetsIsAConvolution) {
  const auto x = Tensor::of<float>({1, 1, 1, 3}, {1, 2, 4}), w = Tensor::of<float>({1, 1, 1, 2}, {1, 10});
  const Tensor offset(DType::kF32, {1, 4, 1, 2});
  EXPECT_EQ(to_doubles(eval_tensor(DeformConv{}, {x, w, offset})), (std::vector<double>{21, 42}));
  EXPECT_THROW(eval_tensor(DeformConv{}, {x, w, Tensor(DType::kF32, {1, 2, 1, 2})}), Error);
}

TEST(MaxUnpool, RefusesIndicesOutsideTheResult) {
  MaxUnpool unpool;
  unpool.kernel = unpool.strides = {2};
  const auto x = Tensor::of<float>({1, 1, 2}, {5, 6});
  EXPECT_EQ(to_doubles(eval_tensor(unpool, {x, Tensor::of<int64_t>({1, 1, 2}, {1, 2})})),
            (std::vector<double>{0, 5, 6, 0}));
  EXPECT_THROW(eval_tensor(unpool, {x, Tensor::of<int64_t>({1, 1, 2}, {1, 4})}), Error);
  EXPECT_THROW(eval_tensor(unpool, {x, Tensor::of<int64_t>({1, 1, 2}, {1, -1})}), Error);
}

TEST(Col2Im, InfersAndRefusesBlocksThatDoNotFit) {
  EXPECT_EQ(infer_text(Col2Im{}, {fact("f32[n,12,l]"), Fact::of(Tensor::of<int64_t>({2}, {5, 6})),
                                  Fact::of(Tensor::of<int64_t>({2}, {2, 2}))}),
            "f32[n,3,5,6]");
  const auto block = Tensor::of<int64_t>({2}, {2, 2});
  EXPECT_THROW(eval_tensor(Col2Im{}, {Tensor(DType::kF32, {1, 12, 3}), Tensor::of<int64_t>({2}, {5, 6}), block}),
               Error);
  EXPECT_THROW(eval_tensor(Col2Im{}, {Tensor(DType::kF32, {1, 12, 3}), Tensor::of<int64_t>({2}, {1, 6}), block}),
               Error);
}

TEST(GroupNorm, TakesScalesPerChannelOrPerGroup) {
  GroupNorm norm;
  norm.groups = 2;
  EXPECT_EQ(infer_text(norm, {fact("f32[n,4,h]"), fact("f32[4]"), fact("f32[4]")}), "f32[n,4,h]");
  EXPECT_EQ(infer_text(norm, {fact("f32[n,4,h]"), fact("f32[2]"), fact("f32[2]")}), "f32[n,4,h]");
  EXPECT_THROW(infer_text(norm, {fact("f32[n,4,h]"), fact("f32[3]"), fact("f32[3]")}), Error);
  EXPECT_THROW(infer_text(norm, {fact("f32[n,5,h]"), fact("f32[5]"), fact("f32[5]")}), Error);
}

TEST(NllLoss, RefusesTargetsThatAreNoClass) {
  const auto x = Tensor::of<float>({1, 2}, {-1, -2});
  EXPECT_EQ(read_double(eval_tensor(NllLoss{}, {x, Tensor::of<int64_t>({1}, {1})}), 0), 2);
  EXPECT_THROW(eval_tensor(NllLoss{}, {x, Tensor::of<int64_t>({1}, {2})}), Error);
  EXPECT_THROW(eval_tensor(NllLoss{}, {x, Tensor::of<int64_t>({1}, {-1})}), Error);
  EXPECT_THROW(eval_tensor(NllLoss{}, {x, Tensor::of<int64_t>({2}, {0, 0})}), Error);
}

}  // namespace
}  // namespace ingot
