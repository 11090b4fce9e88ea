// The scores of attention as exporters write them out: q k^T with scales, and masks added to it or chosen by Where.
#pragma once
#include <optional>

#include "ir/patch.h"

namespace ingot::passes {

struct Scores {
  ir::ValueId q = ir::kNoValue, k = ir::kNoValue;
  bool transposed_k = false;  // k is [..., d, t]
  double scale = 1;
  ir::ValueId mask = ir::kNoValue;  // f32: added; bool: true where a key is seen; of the graph or of the patch
};

// The product under the softmax's operand `x`, with what stands between; what the mask takes is added to `patch`.
// Nothing when there is no such product; `why` then holds a static reason where it looks like one.
std::optional<Scores> scores_of(const ir::Graph& graph, ir::ValueId x, ir::Patch& patch, const char*& why);

// x * c or x / c for one number c: x, with c taken into `scale`. Other values as they are.
ir::ValueId without_scale(const ir::Graph& graph, ir::ValueId x, double& scale);

}  // namespace ingot::passes
