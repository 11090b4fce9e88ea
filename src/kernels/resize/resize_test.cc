#include "ops/resize.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(23);

void check(const Resize& resize, const Shape& shape, DType dtype = DType::kF32) {
  const Tensor x = convert(random_tensor(random_numbers, shape, -2, 3), dtype);
  expect_rows_match(kResizeFamily, {resize, {x}},
                    resize.mode == ResizeMode::kNearest ? Tolerance{}
                    : dtype == DType::kF32              ? Tolerance{2e-6, 4e-6, 0}
                    : dtype == DType::kF16              ? Tolerance{2e-3, 2e-3, 0}
                                                        : Tolerance{1.6e-2, 1.6e-2, 0});
}

Resize make(ResizeMode mode, ResizeCoordinates coordinates, std::vector<double> scales,
            std::vector<int64_t> axes = {}) {
  Resize resize;
  resize.mode = mode;
  resize.coordinates = coordinates;
  resize.scales = std::move(scales);
  resize.axes = std::move(axes);
  return resize;
}

TEST(ResizeKernel, ResamplesBothLayoutsInEveryMode) {
  for (const ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear, ResizeMode::kCubic}) {
    for (const ResizeCoordinates coordinates :
         {ResizeCoordinates::kHalfPixel, ResizeCoordinates::kAlignCorners, ResizeCoordinates::kAsymmetric}) {
      for (const double scale : {2.0, 0.5, 1.7}) {
        for (const int64_t channels : {1, 3, 8, 37}) {
          check(make(mode, coordinates, {1, 1, scale, scale}), {2, channels, 7, 9});
          check(make(mode, coordinates, {1, 1, scale, scale}, {0, 3, 1, 2}), {2, 7, 9, channels});
        }
      }
    }
  }
}

TEST(ResizeKernel, ResamplesOneAxisAndThree) {
  check(make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {3}, {2}), {2, 5, 11});
  check(make(ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, {2, 3}, {0, 1}), {3, 4, 5});
  check(make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {1, 1, 2, 1.5, 0.8}), {1, 3, 4, 5, 6});
}

TEST(ResizeKernel, WidensItsWindowWithAntialias) {
  Resize resize = make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {1, 1, 0.3, 0.45});
  resize.antialias = true;
  check(resize, {1, 3, 20, 30});
  resize.mode = ResizeMode::kCubic;
  resize.exclude_outside = true;
  check(resize, {1, 16, 20, 30});
}

TEST(ResizeKernel, TakesSizesInsteadOfScales) {
  Resize resize;
  resize.mode = ResizeMode::kLinear;
  resize.sizes = {1, 4, 13, 5};
  check(resize, {1, 4, 6, 10});
}

TEST(ResizeKernel, ResamplesElementsOfHalfPrecision) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    check(make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {1, 1, 2, 1.7}), {2, 3, 7, 9}, dtype);
    check(make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {1, 2, 2, 1}), {2, 7, 9, 37}, dtype);
    check(make(ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, {1, 1, 1, 3}), {1, 2, 3, 11}, dtype);
    check(make(ResizeMode::kCubic, ResizeCoordinates::kHalfPixel, {1, 1, 2, 1.5, 0.8}), {1, 3, 4, 5, 6}, dtype);
  }
}

TEST(ResizeKernel, MovesElementsOfAnyType) {
  for (const DType dtype : {DType::kU8, DType::kBF16, DType::kI64}) {
    check(make(ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, {1, 1, 2, 2}), {1, 3, 5, 6}, dtype);
    check(make(ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, {1, 2, 2, 1}), {1, 5, 6, 16}, dtype);
  }
}

TEST(ResizeKernel, CopiesWhatKeepsItsSize) {
  check(make(ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, {1, 1, 1, 1}), {1, 3, 5, 6});
}

TEST(ResizeKernel, RefusesScalesThatOnlyARunKnows) {
  const Problem problem{
      Resize{}, {{DType::kF32, {1, 3, 4, 4}}, {}, {DType::kF32, {4}}}, {{DType::kF32, {1, 3, -1, -1}}}};
  for (const Row& row : kResizeFamily.rows) EXPECT_NE(row.refuse(problem), nullptr);
}

}  // namespace
}  // namespace ingot::kernels
