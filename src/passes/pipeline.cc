#include "passes/pipeline.h"

#include "passes/passes.h"

namespace ingot::passes {

std::vector<Stage> portable_stages() {
  return {
      {"simplify",
       true,
       {remove_dead(), fold_constants(), inline_if(), fold_shapes(), cancel_casts(), cancel_movement(),
        simplify_arithmetic(), fold_affine(), merge_common()}},
  };
}

std::vector<Stage> target_stages() { return {}; }

}  // namespace ingot::passes
