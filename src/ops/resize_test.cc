#include "ops/resize.h"

#include <gtest/gtest.h>

#include "ops/affine_grid.h"
#include "ops/grid_sample.h"
#include "ops/op_testing.h"
#include "ops/roi.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(Resize, InfersSymbolicSizesFromScales) {
  Resize resize;
  resize.scales = {1, 1, 2, 0.5};
  EXPECT_EQ(infer_text(resize, {fact("f32[n,3,h,8]")}), "f32[n,3,2*h,4]");
  const auto shape = *infer_facts(resize, {fact("f32[n,3,h,w]")})[0].shape;
  EXPECT_EQ(shape[3].eval({{"w", 9}}), 4);
}

TEST(Resize, TakesSizesThatAreExpressions) {
  Fact sizes = fact("i64[2]");
  sizes.elements = DimShape{Dim::symbol("h") * 2, 7};
  Resize resize;
  resize.axes = {2, -1};
  EXPECT_EQ(infer_text(resize, {fact("f32[n,3,h,w]"), std::nullopt, std::nullopt, sizes}), "f32[n,3,2*h,7]");
}

TEST(Resize, MakesNewSizesWhereScalesAreNotKnown) {
  EXPECT_EQ(infer_facts(Resize{}, {fact("f32[n,3]"), std::nullopt, fact("f32[2]")})[0].rank(), 2);
  EXPECT_EQ(infer_text(Resize{}, {fact("f32[?]"), std::nullopt, fact("f32[2]")}), "f32[?]");
}

TEST(Resize, RefusesWrongCountsAndAxes) {
  Resize resize;
  resize.scales = {2, 2};
  EXPECT_THROW(infer_text(resize, {fact("f32[1,1,4]")}), Error);
  resize.axes = {1, 1};
  EXPECT_THROW(infer_text(resize, {fact("f32[1,1,4]")}), Error);
  resize.axes = {1, 3};
  EXPECT_THROW(infer_text(resize, {fact("f32[1,1,4]")}), Error);
  resize.axes = {};
  resize.scales = {1, 1, -2};
  EXPECT_THROW(eval_tensor(resize, {Tensor(DType::kF32, {1, 1, 4})}), Error);
  resize.scales = {1, 1, 1e30};
  EXPECT_THROW(eval_tensor(resize, {Tensor(DType::kF32, {1, 1, 4})}), Error);
  resize.scales = {};
  EXPECT_THROW(eval_tensor(resize, {Tensor(DType::kF32, {1, 1, 4})}), Error);
}

TEST(Resize, RoundsAndClipsIntegers) {
  Resize resize;
  resize.mode = ResizeMode::kCubic;
  resize.sizes = {8};
  const Tensor y = eval_tensor(resize, {Tensor::of<uint8_t>({4}, {0, 255, 255, 0})});
  EXPECT_EQ(*std::max_element(y.span<uint8_t>().begin(), y.span<uint8_t>().end()), 255);
  EXPECT_EQ(y.data<uint8_t>()[0], 0);
}

TEST(GridSample, TreatsFarAndUndefinedPositionsAsOutside) {
  const Tensor x = Tensor::of<float>({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor grid = Tensor::of<float>({1, 1, 3, 2}, {1e30f, 0, -INFINITY, INFINITY, NAN, NAN});
  for (const auto padding : {SamplePadding::kZeros, SamplePadding::kBorder, SamplePadding::kReflection}) {
    for (const auto mode : {SampleMode::kLinear, SampleMode::kNearest, SampleMode::kCubic}) {
      const Tensor y = eval_tensor(GridSample{mode, padding, false}, {x, grid});
      for (int64_t i = 0; i < y.count(); ++i) EXPECT_TRUE(std::isfinite(read_double(y, i)));
      EXPECT_TRUE(padding != SamplePadding::kZeros || read_double(y, 0) == 0);
    }
  }
}

TEST(GridSample, InfersFromGridAndData) {
  EXPECT_EQ(infer_text(GridSample{}, {fact("f32[n,c,h,w]"), fact("f32[n,a,b,2]")}), "f32[n,c,a,b]");
  EXPECT_THROW(infer_text(GridSample{}, {fact("f32[n,c,h,w]"), fact("f32[n,a,b,3]")}), Error);
  EXPECT_THROW(infer_text(GridSample{}, {fact("f32[n,c,h]"), fact("f32[n,a,b,2]")}), Error);
}

TEST(AffineGrid, InfersFromElementsOfTheSize) {
  Fact size = fact("i64[4]");
  size.elements = DimShape{Dim::symbol("n"), 3, Dim::symbol("h"), 5};
  EXPECT_EQ(infer_text(AffineGrid{}, {fact("f32[n,2,3]"), size}), "f32[n,h,5,2]");
  EXPECT_THROW(infer_text(AffineGrid{}, {fact("f32[n,3,4]"), size}), Error);
}

TEST(RoiAlign, RefusesRegionsOfImagesThatDoNotExist) {
  const Tensor x(DType::kF32, {1, 1, 4, 4}), rois = Tensor::of<float>({1, 4}, {0, 0, 2, 2});
  EXPECT_THROW(eval_tensor(RoiAlign{}, {x, rois, Tensor::of<int64_t>({1}, {1})}), Error);
  EXPECT_THROW(eval_tensor(RoiAlign{}, {x, rois, Tensor::of<int64_t>({1}, {-1})}), Error);
  const Tensor endless = Tensor::of<float>({1, 4}, {0, 0, 1e30f, NAN});
  EXPECT_THROW(eval_tensor(RoiAlign{}, {x, endless, Tensor::of<int64_t>({1}, {0})}), Error);
}

TEST(MaxRoiPool, TakesTheLargestElementOfEachBin) {
  Tensor x(DType::kF32, {1, 1, 4, 4});
  for (int64_t i = 0; i < 16; ++i) write_double(x, i, static_cast<double>(i));
  MaxRoiPool pool;
  pool.pooled = {2, 2};
  const Tensor y = eval_tensor(pool, {x, Tensor::of<float>({1, 5}, {0, 0, 0, 3, 3})});
  EXPECT_EQ(to_doubles(y), (std::vector<double>{5, 7, 13, 15}));
}

}  // namespace
}  // namespace ingot
