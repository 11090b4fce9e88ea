// Negative log likelihood loss.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class LossReduction : uint8_t { kNone, kSum, kMean };
template <> struct EnumNames<LossReduction> { static constexpr const char* kNames[] = {"none", "sum", "mean"}; };

// x: log probabilities [n, c, d...]; target: integers [n, d...]; optional weight [c]. loss = -x[n, target, d] *
// weight[target]; 0 where the target is ignore_index. mean divides by the sum of the weights used. Targets outside
// [0, c) other than ignore_index are an error.
struct NllLoss {
  LossReduction reduction = LossReduction::kMean;
  bool ignores = false;
  int64_t ignore_index = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("reduction", &NllLoss::reduction), field("ignores", &NllLoss::ignores),
                           field("ignore_index", &NllLoss::ignore_index));
  }
};

}  // namespace ingot
