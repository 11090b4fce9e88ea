#include "ops/non_max_suppression.h"

#include <gtest/gtest.h>

#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Tensor select(const Tensor& boxes, const Tensor& scores, int64_t most, float overlap) {
  return eval_tensor(NonMaxSuppression{}, {boxes, scores, Tensor::scalar<int64_t>(most), Tensor::scalar(overlap)});
}

TEST(NonMaxSuppression, SelectsNothingWithoutALimit) {
  const Tensor boxes(DType::kF32, {1, 2, 4}), scores(DType::kF32, {1, 1, 2});
  EXPECT_EQ(eval_tensor(NonMaxSuppression{}, {boxes, scores}).shape(), (Shape{0, 3}));
  EXPECT_EQ(select(boxes, scores, -5, 0.5f).shape(), (Shape{0, 3}));
}

TEST(NonMaxSuppression, KeepsBoxesWithoutAreaAndNanScores) {
  const Tensor boxes(DType::kF32, {1, 3, 4});
  const Tensor scores = Tensor::of<float>({1, 1, 3}, {NAN, 0.5f, NAN});
  EXPECT_EQ(to_ints(select(boxes, scores, INT64_MAX, 0.0f)), (std::vector<int64_t>{0, 0, 1, 0, 0, 0, 0, 0, 2}));
}

TEST(NonMaxSuppression, FindsTheBetterBoxAmongMany) {
  constexpr int64_t kCount = 150;  // boxes side by side, each a second time with a smaller score and a little moved
  Tensor boxes(DType::kF32, {1, 2 * kCount, 4}), scores(DType::kF32, {1, 1, 2 * kCount});
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 2 * kCount; ++i) {
    const auto left = static_cast<float>(2 * (i % kCount)) + (i < kCount ? 0.0f : 0.1f);
    const float corners[4] = {0, left, 1, left + 1};
    std::copy_n(corners, 4, boxes.mutable_data<float>() + 4 * i);
    scores.mutable_data<float>()[i] = i < kCount ? 0.9f : 0.5f;
    if (i < kCount) expected.insert(expected.end(), {0, 0, i});
  }
  EXPECT_EQ(to_ints(select(boxes, scores, INT64_MAX, 0.5f)), expected);
  EXPECT_EQ(select(boxes, scores, INT64_MAX, 0.9f).dim(0), 2 * kCount);
}

TEST(NonMaxSuppression, ABoxAcrossThePlaneOverlapsAllOthers) {
  constexpr int64_t kCount = 100;
  Tensor boxes(DType::kF32, {1, kCount, 4}), scores(DType::kF32, {1, 1, kCount});
  for (int64_t i = 0; i < kCount; ++i) {
    const auto left = static_cast<float>(3 * i);
    const float corners[4] = {0, i == 40 ? 0.0f : left, 1, i == 40 ? 300.0f : left + 1};
    std::copy_n(corners, 4, boxes.mutable_data<float>() + 4 * i);
    scores.mutable_data<float>()[i] = i == 40 ? 0.9f : 0.5f;
  }
  EXPECT_EQ(to_ints(select(boxes, scores, INT64_MAX, 0.0f)), (std::vector<int64_t>{0, 0, 40}));
  EXPECT_EQ(select(boxes, scores, INT64_MAX, 0.1f).dim(0), kCount);
}

TEST(NonMaxSuppression, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(select(Tensor(DType::kF32, {1, 2, 4}), Tensor(DType::kF32, {1, 1, 3}), 1, 0.5f), Error);
  EXPECT_THROW(select(Tensor(DType::kF32, {1, 2, 3}), Tensor(DType::kF32, {1, 1, 2}), 1, 0.5f), Error);
  EXPECT_THROW(infer_text(NonMaxSuppression{}, {fact("f32[b,4]"), fact("f32[?]")}), Error);
  EXPECT_EQ(infer_text(NonMaxSuppression{}, {fact("f32[?]"), fact("f32[?]")}), "i64[new0,3]");
}

}  // namespace
}  // namespace ingot
