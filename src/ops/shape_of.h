// The sizes of the axes [start, end) of the input as i64[n].
#pragma once
#include "ops/op.h"

namespace ingot {

struct ShapeOf {
  int64_t start = 0;
  int64_t end = INT64_MAX;  // both may count from the back and are clamped
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("start", &ShapeOf::start), field("end", &ShapeOf::end));
  }
};

}  // namespace ingot
