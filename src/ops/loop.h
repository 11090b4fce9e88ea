// Runs a body again and again.
#pragma once
#include "ops/op.h"

namespace ingot {

// for (i = 0; i < trip_count && condition; ++i) condition, states..., slices... = body(i, condition, states...,
// captures...). Inputs: trip count (i64, absent: no limit), condition (bool, absent: true), `states` initial states,
// captures. Outputs: the final states, then each slice stacked along a new axis 0. States may be of any type. The
// scan_* lists are the slices' types, ranks and sizes (0 where unknown), used when there is no iteration.
struct Loop {
  int64_t body = 0, states = 0;
  std::vector<int64_t> scan_dtypes, scan_ranks, scan_sizes;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("body", &Loop::body), field("states", &Loop::states),
                           field("scan_dtypes", &Loop::scan_dtypes), field("scan_ranks", &Loop::scan_ranks),
                           field("scan_sizes", &Loop::scan_sizes));
  }
};

}  // namespace ingot
