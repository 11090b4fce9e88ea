#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/grid_sample.h"

namespace ingot::kernels {
namespace {

constexpr Tolerance kClose{1e-5, 1e-5, 0};

TEST(SampleKernel, ReadsInsideAndOutsideTheImage) {
  std::mt19937 random(5);
  for (const SamplePadding padding : {SamplePadding::kZeros, SamplePadding::kBorder}) {
    for (const bool align_corners : {false, true}) {
      const GridSample sample{SampleMode::kLinear, padding, align_corners};
      const Tensor grid = random_tensor(random, {2, 7, 9, 2}, -1.4f, 1.4f);
      expect_rows_match(kSampleFamily, {sample, {random_tensor(random, {2, 3, 5, 6}), grid}}, kClose);
      expect_rows_match(kSampleFamily, {sample, {random_tensor(random, {2, 1, 1, 1}), grid}}, kClose);
      expect_rows_match(kSampleFamily, {sample, {random_tensor(random, {2, 2, 0, 4}), grid}}, kClose);
      const Tensor many = random_tensor(random, {1, 40, 50, 2});
      expect_rows_match(kSampleFamily, {sample, {random_tensor(random, {1, 2, 16, 20}), many}}, kClose);
    }
  }
}

TEST(SampleKernel, TakesPositionsThatAreNoNumbers) {
  std::mt19937 random(6);
  const Tensor grid = Tensor::of<float>({1, 2, 2, 2}, {NAN, 0.5f, INFINITY, 0, 0.1f, -INFINITY, 1e30f, -1e30f});
  for (const SamplePadding padding : {SamplePadding::kZeros, SamplePadding::kBorder}) {
    const GridSample sample{SampleMode::kLinear, padding, false};
    expect_rows_match(kSampleFamily, {sample, {random_tensor(random, {1, 2, 4, 4}), grid}}, kClose);
  }
}

TEST(SampleKernel, RefusesWhatItDoesNotSample) {
  const Operand x{DType::kF32, {1, 2, 4, 4}}, grid{DType::kF32, {1, 3, 3, 2}}, y{DType::kF32, {1, 2, 3, 3}};
  const auto reason = [&](const GridSample& sample) { return kSampleFamily.rows[0].refuse({sample, {x, grid}, {y}}); };
  EXPECT_EQ(reason({}), nullptr);
  EXPECT_STREQ(reason({SampleMode::kCubic}), "samples other than linear");
  EXPECT_STREQ(reason({SampleMode::kLinear, SamplePadding::kReflection}), "reflection at the borders");
}

}  // namespace
}  // namespace ingot::kernels
