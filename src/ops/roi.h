// Pooling of regions of interest.
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [n, c, h, w]; rois: [r, 5] of (image, x1, y1, x2, y2) -> [r, c, pooled...]. Corners are rounded, bins of whole
// elements; an empty bin is 0 (Girshick 2015).
struct MaxRoiPool {
  std::vector<int64_t> pooled;
  double spatial_scale = 1;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("pooled", &MaxRoiPool::pooled), field("spatial_scale", &MaxRoiPool::spatial_scale));
  }
};

enum class RoiAlignFn : uint8_t { kAverage, kMax };
template <> struct EnumNames<RoiAlignFn> { static constexpr const char* kNames[] = {"avg", "max"}; };

// x: [n, c, h, w]; rois: [r, 4] of (x1, y1, x2, y2); images: i64[r] -> [r, c, height, width]. Bilinear samples on a
// regular grid inside each bin, averaged, or the largest weighted corner of them. sampling_ratio 0: as many samples
// per axis as the bin has elements. half_pixel shifts the corners by -0.5; without it a region is at least 1x1.
struct RoiAlign {
  RoiAlignFn fn = RoiAlignFn::kAverage;
  int64_t height = 1, width = 1, sampling_ratio = 0;
  double spatial_scale = 1;
  bool half_pixel = true;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &RoiAlign::fn), field("height", &RoiAlign::height),
                           field("width", &RoiAlign::width), field("sampling_ratio", &RoiAlign::sampling_ratio),
                           field("spatial_scale", &RoiAlign::spatial_scale),
                           field("half_pixel", &RoiAlign::half_pixel));
  }
};

}  // namespace ingot
