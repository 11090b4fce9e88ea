// Normalisation over the axes from `axis` to the last: LayerNorm (Ba et al. 2016) and RMSNorm (Zhang, Sennrich 2019).
#pragma once
#include "ops/op.h"

namespace ingot {

// x, optional scale, optional bias (both broadcastable to the normalised axes). rms: no mean is subtracted. Statistics
// in f32 at least. With `with_statistics` the outputs 1 and 2 are mean and inverse standard deviation (f32, normalised
// axes 1).
struct LayerNorm {
  int64_t axis = -1;
  double epsilon = 1e-5;
  bool rms = false;
  bool with_statistics = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &LayerNorm::axis), field("epsilon", &LayerNorm::epsilon),
                           field("rms", &LayerNorm::rms), field("with_statistics", &LayerNorm::with_statistics));
  }
};

}  // namespace ingot
