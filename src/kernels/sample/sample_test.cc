#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/grid_sample.h"
#include "ops/roi.h"

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

TEST(SampleKernel, AlignsRegionsInsideAcrossAndOutsideTheImage) {
  std::mt19937 random(7);
  const Tensor rois =
      Tensor::of<float>({6, 4}, {1, 1, 9, 7, -6, -3, 4, 20, 3, 4, 3, 4, 0, 0, 15, 11, 40, 40, 50, 60, 7, 7, 2, 2});
  const Tensor images = Tensor::of<int64_t>({6}, {0, 1, 1, 0, 1, 0});
  for (const RoiAlignFn fn : {RoiAlignFn::kAverage, RoiAlignFn::kMax}) {
    for (const int64_t ratio : {0, 1, 2}) {
      for (const bool half_pixel : {false, true}) {
        const RoiAlign align{fn, 3, 5, ratio, 0.75, half_pixel};
        for (const Shape& shape : {Shape{2, 70, 9, 12}, Shape{2, 1, 1, 1}, Shape{2, 3, 0, 4}}) {
          expect_rows_match(kSampleFamily, {align, {random_tensor(random, shape), rois, images}}, kClose);
        }
        expect_rows_match(
            kSampleFamily,
            {align, {random_tensor(random, {2, 3, 4, 4}), Tensor(DType::kF32, {0, 4}), Tensor(DType::kI64, {0})}},
            kClose);
      }
    }
  }
}

TEST(SampleKernel, ReportsRegionsThatMakeNoSense) {
  const Tensor x(DType::kF32, {2, 3, 4, 4});
  const auto fault = [&](const std::vector<float>& corners, int64_t image) -> std::string {
    const Problem problem{RoiAlign{},
                          {{DType::kF32, {2, 3, 4, 4}}, {DType::kF32, {1, 4}}, {DType::kI64, {1}}},
                          {{DType::kF32, {1, 3, 1, 1}}}};
    const auto bound = kSampleFamily.rows[0].bind(problem, this_machine(1));
    std::vector<std::byte> scratch(bound->scratch_bytes);
    Tensor y(DType::kF32, {1, 3, 1, 1});
    const void* inputs[] = {x.raw(), corners.data(), &image};
    void* outputs[] = {y.mutable_raw()};
    std::atomic<const char*> error{nullptr};
    bound->run({inputs, outputs, scratch.data(), Parallel{}, &error});
    return error.load() == nullptr ? "" : error.load();
  };
  EXPECT_EQ(fault({0, 0, 2, 2}, 1), "");
  EXPECT_EQ(fault({0, 0, 2, 2}, 2), "a region names an image that is not there");
  EXPECT_EQ(fault({0, 0, 2, 2}, -1), "a region names an image that is not there");
  EXPECT_EQ(fault({0, 0, NAN, 2}, 0), "a region is too long");
  EXPECT_EQ(fault({0, 0, 2, 1e30f}, 0), "a region is too long");
}

}  // namespace
}  // namespace ingot::kernels
