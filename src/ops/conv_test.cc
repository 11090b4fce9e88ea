#include "ops/conv.h"

#include <gtest/gtest.h>

#include "ops/fused.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Tensor iota(Shape shape) {
  Tensor tensor(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < tensor.count(); ++i) write_double(tensor, i, static_cast<double>(i % 7) - 3);
  return tensor;
}

TEST(Conv, InfersSymbolicSizes) {
  Conv conv;
  conv.strides = {2, 2};
  conv.pads = {1, 1, 1, 1};
  EXPECT_EQ(infer_text(conv, {fact("f32[n,3,224,224]"), fact("f32[64,3,3,3]")}), "f32[n,64,112,112]");
  const auto shape = *infer_facts(conv, {fact("f32[n,3,h,w]"), fact("f32[64,3,3,3]")})[0].shape;
  EXPECT_EQ(shape[2].eval({{"h", 33}}), 17);
  conv.pads = {};
  conv.auto_pad = AutoPad::kSameUpper;
  EXPECT_EQ((*infer_facts(conv, {fact("f32[n,3,h,w]"), fact("f32[64,3,3,3]")})[0].shape)[2].eval({{"h", 33}}), 17);
}

TEST(Conv, KeepsTheKnownRankWhenOnlyTheWeightsHaveOne) {
  EXPECT_EQ(infer_facts(Conv{}, {fact("f32[?]"), fact("f32[64,3,3,3]")})[0].rank(), 4);
}

TEST(Conv, RefusesWhatDoesNotFit) {
  EXPECT_THROW(infer_text(Conv{}, {fact("f32[1,3,8,8]"), fact("f32[4,2,3,3]")}), Error);
  EXPECT_THROW(infer_text(Conv{}, {fact("f32[1,3,8,8]"), fact("f32[4,3,3]")}), Error);
  EXPECT_THROW(infer_text(Conv{}, {fact("f32[1,3,8,8]"), fact("f32[4,3,11,3]")}), Error);
  Conv conv;
  conv.strides = {0, 1};
  EXPECT_THROW(infer_text(conv, {fact("f32[1,3,8,8]"), fact("f32[4,3,3,3]")}), Error);
  conv.strides = {1};
  EXPECT_THROW(infer_text(conv, {fact("f32[1,3,8,8]"), fact("f32[4,3,3,3]")}), Error);
  conv = {};
  conv.group = 0;
  EXPECT_THROW(infer_text(conv, {fact("f32[1,3,8,8]"), fact("f32[4,3,3,3]")}), Error);
  EXPECT_THROW(eval_tensor(conv, {iota({1, 3, 8, 8}), iota({4, 3, 3, 3})}), Error);
  EXPECT_THROW(eval_tensor(Conv{}, {iota({1, 3, 8, 8}), iota({4, 3, 3, 3}), iota({5})}), Error);
}

TEST(Conv, CropsWithNegativePads) {
  Conv conv;
  conv.pads = {-1, -1};
  const auto y = eval_tensor(conv, {Tensor::of<float>({1, 1, 5}, {1, 2, 3, 4, 5}), Tensor::of<float>({1, 1, 1}, {10})});
  EXPECT_EQ(to_doubles(y), (std::vector<double>{20, 30, 40}));
}

TEST(Conv, ChannelsLastGivesTheSameNumbers) {
  Conv conv;
  conv.group = 2;
  conv.pads = {1, 0, 2, 1};
  const Tensor x = iota({2, 4, 5, 6}), w = iota({6, 2, 3, 2}), bias = iota({6});
  const Tensor y = eval_tensor(conv, {x, w, bias});
  Tensor x_last(DType::kF32, channels_last_shape(x.shape()));
  write_doubles(x_last, to_channels_last(to_doubles(x), x.shape()));
  conv.channels_last = true;
  const Tensor y_last = eval_tensor(conv, {x_last, w, bias});
  EXPECT_EQ(y_last.shape(), channels_last_shape(y.shape()));
  EXPECT_EQ(to_doubles(y_last), to_channels_last(to_doubles(y), y.shape()));
}

}  // namespace
}  // namespace ingot
