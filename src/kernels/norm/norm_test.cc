#include "kernels/norm/norm.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(13);
Tensor random_of(const Shape& shape, float low = -2, float high = 3) {
  return random_tensor(random_numbers, shape, low, high);
}
constexpr Tolerance kClose = {4e-6, 4e-6, 0};

TEST(NormKernel, NormalisesRowsOfAnyLength) {
  for (const int64_t size : {1, 3, 16, 33, 64, 100, 768, 3000}) {
    for (const bool rms : {false, true}) {
      const LayerNorm norm{-1, 1e-5, rms, false};
      const Tensor x = random_of({5, size});
      const Tensor scale = random_of({size}), bias = random_of({size}), one = random_of({1});
      // A row of one element is all rounding error but for its bias.
      const Tolerance tolerance = size == 1 ? Tolerance{1e-3, 1e-3, 0} : kClose;
      expect_rows_match(kNormFamily, {norm, {x}}, tolerance);
      expect_rows_match(kNormFamily, {norm, {x, scale}}, tolerance);
      expect_rows_match(kNormFamily, {norm, {x, scale, bias}}, tolerance);
      expect_rows_match(kNormFamily, {norm, {x, one, bias}}, tolerance);
      expect_rows_match(kNormFamily, {norm, {x, Tensor(), one}}, tolerance);
    }
  }
}

TEST(NormKernel, NormalisesSeveralAxesAndGivesStatistics) {
  for (const int64_t axis : {0, 1, 2, -1}) {
    const Tensor x = random_of({3, 7, 50});
    const Shape rest(x.shape().begin() + (axis < 0 ? 2 : axis), x.shape().end());
    expect_rows_match(kNormFamily, {LayerNorm{axis, 1e-3, false, true}, {x, random_of(rest), random_of(rest)}}, kClose);
  }
  expect_rows_match(kNormFamily, {LayerNorm{-1, 1e-5, false, true}, {random_of({300, 64})}}, kClose);
  expect_rows_match(kNormFamily, {LayerNorm{-1, 1e-5}, {Tensor(DType::kF32, {0, 8})}}, kClose);
}

TEST(NormKernel, KeepsItsAccuracyFarFromZero) {
  // The variance is lost when it is computed as a difference of large sums.
  expect_rows_match(kNormFamily, {LayerNorm{-1, 1e-5}, {random_of({4, 512}, 999, 1001)}}, {1e-3, 1e-3, 0});
}

TEST(NormKernel, NormalisesGroupsInBothLayouts) {
  for (const bool last : {false, true}) {
    for (const int64_t groups : {0, 1, 2, 6, 12}) {
      const Shape shape = last ? Shape{2, 5, 9, 12} : Shape{2, 12, 5, 9};
      const GroupNorm norm{groups, 1e-5, last};
      const Tensor x = random_of(shape);
      expect_rows_match(kNormFamily, {norm, {x}}, kClose);
      expect_rows_match(kNormFamily, {norm, {x, random_of({12}), random_of({12})}}, kClose);
      if (groups > 0) {
        expect_rows_match(kNormFamily, {norm, {x, random_of({groups}), random_of({groups})}}, kClose);
      }
    }
    const Shape wide = last ? Shape{1, 60, 200} : Shape{1, 200, 60};
    expect_rows_match(kNormFamily, {GroupNorm{0, 1e-5, last}, {random_of(wide), random_of({200}), random_of({200})}},
                      kClose);
    expect_rows_match(kNormFamily, {GroupNorm{4, 1e-5, last}, {random_of(wide), random_of({200}), random_of({200})}},
                      kClose);
    const Shape one = last ? Shape{2, 70, 1} : Shape{2, 1, 70};
    expect_rows_match(kNormFamily, {GroupNorm{1, 1e-5, last}, {random_of(one), random_of({1}), random_of({1})}},
                      kClose);
  }
}

TEST(NormKernel, GroupsOfLargeImagesAreSharedByThreads) {
  for (const bool last : {false, true}) {
    const Shape shape = last ? Shape{2, 61, 67, 37} : Shape{2, 37, 61, 67};
    for (const int64_t groups : {1, 37}) {
      expect_rows_match(kNormFamily,
                        {GroupNorm{groups, 1e-5, last}, {random_of(shape), random_of({37}), random_of({37})}}, kClose);
    }
  }
}

TEST(NormKernel, GroupsAreScaledOrShiftedAlone) {
  for (const bool last : {false, true}) {
    const Tensor x = random_of(last ? Shape{2, 9, 40} : Shape{2, 40, 9});
    for (const int64_t groups : {1, 2, 40}) {
      expect_rows_match(kNormFamily, {GroupNorm{groups, 1e-5, last}, {x, random_of({40})}}, kClose);
      expect_rows_match(kNormFamily, {GroupNorm{groups, 1e-5, last}, {x, {}, random_of({40})}}, kClose);
      expect_rows_match(kNormFamily, {GroupNorm{groups, 1e-5, last}, {x, {}, random_of({groups})}}, kClose);
    }
  }
}

TEST(NormKernel, ComputesInHalfPrecisionTypes) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    const Tolerance tolerance = {dtype == DType::kF16 ? 2e-3 : 1.6e-2, 2e-3, 0};
    const Tensor x = convert(random_of({6, 75}), dtype), scale = convert(random_of({75}), dtype);
    expect_rows_match(kNormFamily, {LayerNorm{-1, 1e-5}, {x, scale, scale}}, tolerance);
    const Tensor image = convert(random_of({2, 6, 33}), dtype), channels = convert(random_of({6}), dtype);
    expect_rows_match(kNormFamily, {GroupNorm{2, 1e-5, false}, {image, channels, channels}}, tolerance);
  }
}

}  // namespace
}  // namespace ingot::kernels
