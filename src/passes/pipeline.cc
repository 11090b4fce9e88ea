#include "passes/pipeline.h"

#include "passes/passes.h"

namespace ingot::passes {

std::vector<Stage> portable_stages() {
  return {
      {"simplify",
       true,
       {remove_dead(), fold_constants(), inline_if(), fold_shapes(), cancel_casts(), cancel_movement(),
        sink_transposes(), recognise_activations(), recognise_norms(), recognise_group_norms(), recognise_one_hot(),
        simplify_arithmetic(), fold_affine(), merge_branches(), merge_equal(), sink_into_if()}},
  };
}

std::vector<Stage> target_stages() {
  return {
      {"floats",
       true,
       {widen_halves(), fold_constants(), cancel_casts(), cancel_movement(), recognise_activations(), recognise_norms(),
        simplify_arithmetic(), fold_affine(), merge_branches(), merge_equal()}},
      {"quantized",
       true,
       {integer_products(), expand_quantization(), widen_integer_products(), fold_constants(), cancel_casts(),
        merge_equal()}},
      {"layout",
       true,
       {recognise_attention(), split_products(), sink_reshapes(), channels_last(), sink_transposes(), cancel_movement(),
        fold_constants(), merge_equal()}},
      {"fuse", false, {fuse_epilogue(), merge_siblings(), join_products(), fuse_chains(), fuse_pointwise()}},
      {"report", false, {count_layouts()}},
  };
}

}  // namespace ingot::passes
