// Reduction of some axes to one number each.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class ReduceFn : uint8_t { kSum, kMean, kProd, kMin, kMax, kL1, kL2, kSumSquare, kLogSum, kLogSumExp };
template <> struct EnumNames<ReduceFn> {
  static constexpr const char* kNames[] = {"sum", "mean", "prod",       "min",     "max",
                                           "l1",  "l2",   "sum_square", "log_sum", "log_sum_exp"};
};

// Input 0: x. Axes come from the field; an optional second input (i64[n]) overrides it when present. Empty axes reduce
// all of them, or none when `empty_is_identity`.
struct Reduce {
  ReduceFn fn = ReduceFn::kSum;
  std::vector<int64_t> axes;
  bool keepdims = true;
  bool empty_is_identity = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &Reduce::fn), field("axes", &Reduce::axes), field("keepdims", &Reduce::keepdims),
                           field("empty_is_identity", &Reduce::empty_is_identity));
  }
};

}  // namespace ingot
