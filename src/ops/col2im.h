// Sums sliding blocks back into images: the opposite of unfolding.
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [n, c * block, blocks]; image sizes i64[axes]; block sizes i64[axes] -> [n, c, image...].
struct Col2Im {
  std::vector<int64_t> strides, dilations, pads;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("strides", &Col2Im::strides), field("dilations", &Col2Im::dilations),
                           field("pads", &Col2Im::pads));
  }
};

}  // namespace ingot
