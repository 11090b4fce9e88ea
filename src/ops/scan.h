// Runs a body once per slice of its inputs.
#pragma once
#include "ops/op.h"

namespace ingot {

// states..., out slices... = body(states..., in slices..., captures...) for each position of the scanned axes. Inputs:
// `states` initial states, `scan_inputs` tensors, captures. Outputs: final states, then out slices stacked along new
// axes. Axes default to 0, directions (1 = from the back) to 0. `batched` is ONNX's opset 8: input 0 is an optional
// i64 list of lengths, the others follow; axis 0 of states and tensors is the batch and axis 1 is scanned; stacked
// outputs are filled up with zeros. The slice_* lists serve when there is no iteration (see Loop).
struct Scan {
  int64_t body = 0, states = 0, scan_inputs = 0;
  std::vector<int64_t> input_axes, output_axes, input_directions, output_directions;
  bool batched = false;
  std::vector<int64_t> slice_dtypes, slice_ranks, slice_sizes;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("body", &Scan::body), field("states", &Scan::states),
                           field("scan_inputs", &Scan::scan_inputs), field("input_axes", &Scan::input_axes),
                           field("output_axes", &Scan::output_axes), field("input_directions", &Scan::input_directions),
                           field("output_directions", &Scan::output_directions), field("batched", &Scan::batched),
                           field("slice_dtypes", &Scan::slice_dtypes), field("slice_ranks", &Scan::slice_ranks),
                           field("slice_sizes", &Scan::slice_sizes));
  }
};

}  // namespace ingot
