// Deformable convolution (Dai et al. 2017; with a mask Zhu et al. 2019).
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [n, c, spatial...], w: [m, c/group, kernel...], offset: [n, offset_group * kernel * axes, out...], optional bias
// [m], optional mask [n, offset_group * kernel, out...]. Every tap reads x at its place plus its offset, linearly
// interpolated, zero outside, times its mask.
struct DeformConv {
  int64_t group = 1, offset_group = 1;
  std::vector<int64_t> strides, dilations, pads;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("group", &DeformConv::group), field("offset_group", &DeformConv::offset_group),
                           field("strides", &DeformConv::strides), field("dilations", &DeformConv::dilations),
                           field("pads", &DeformConv::pads));
  }
};

}  // namespace ingot
