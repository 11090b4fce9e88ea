// Axes of size 1 dropped or added, for ranks that are not known before running; else reshape says the same.
#pragma once
#include "ops/op.h"

namespace ingot {

// Drops `axes` (of size 1), or those of the optional second input (i64[n]); all axes of size 1 when both are absent.
struct Squeeze {
  std::vector<int64_t> axes;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axes", &Squeeze::axes)); }
};

// Adds axes of size 1 so that they stand at `axes` of the result, or at those of the optional second input (i64[n]).
struct Unsqueeze {
  std::vector<int64_t> axes;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("axes", &Unsqueeze::axes)); }
};

}  // namespace ingot
