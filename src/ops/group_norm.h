// Normalisation over groups of channels and all spatial axes (Wu, He 2018; one channel per group: Ulyanov et al. 2016).
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [n, c, spatial...], or [n, spatial..., c] when channels_last; optional scale and bias, one number per channel or
// per group. groups 0: as many as channels (instance normalisation).
struct GroupNorm {
  int64_t groups = 0;
  double epsilon = 1e-5;
  bool channels_last = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("groups", &GroupNorm::groups), field("epsilon", &GroupNorm::epsilon),
                           field("channels_last", &GroupNorm::channels_last));
  }
};

}  // namespace ingot
