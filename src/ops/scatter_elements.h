// A copy of x with some elements replaced by, or combined with, updates.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class ScatterReduction : uint8_t { kNone, kAdd, kMul, kMin, kMax };
template <> struct EnumNames<ScatterReduction> {
  static constexpr const char* kNames[] = {"none", "add", "mul", "min", "max"};
};

// Inputs: x, indices, updates (of the indices' shape). Update i goes to its own coordinates with the one on `axis`
// replaced by its index; updates of one place apply in row-major order.
struct ScatterElements {
  int64_t axis = 0;
  ScatterReduction reduction = ScatterReduction::kNone;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ScatterElements::axis), field("reduction", &ScatterElements::reduction));
  }
};

// Inputs: x, indices [outer..., k], updates [outer..., x.shape[k:]...]. Each row of k indices names a slice of x.
struct ScatterNd {
  ScatterReduction reduction = ScatterReduction::kNone;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("reduction", &ScatterNd::reduction)); }
};

}  // namespace ingot
