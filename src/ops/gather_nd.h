// y[b..., outer..., :] = x[b..., indices[b..., outer..., 0], indices[..., 1], ..., :].
#pragma once
#include "ops/op.h"

namespace ingot {

// x [batch..., dims...], indices [batch..., outer..., k]: y [batch..., outer..., dims[k:]...].
struct GatherNd {
  int64_t batch_dims = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("batch_dims", &GatherNd::batch_dims)); }
};

}  // namespace ingot
