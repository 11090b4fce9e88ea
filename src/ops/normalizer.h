// Rows divided by their norm.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class RowNorm : uint8_t { kMax, kL1, kL2 };
template <> struct EnumNames<RowNorm> { static constexpr const char* kNames[] = {"max", "l1", "l2"}; };

// x ([c] or [n, c], numbers) -> f32: each row over its largest element, the sum of its magnitudes or the square root of
// its sum of squares; rows of norm 0 stay.
struct Normalizer {
  RowNorm norm = RowNorm::kMax;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("norm", &Normalizer::norm)); }
};

}  // namespace ingot
