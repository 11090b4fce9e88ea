// Every pass, one line each; pipeline.cc puts them in order.
#pragma once
#include "passes/pass.h"

namespace ingot::passes {

Pass remove_dead();
Pass inline_if();
Pass sink_into_if();
Pass fold_constants();
Pass merge_equal();
Pass cancel_movement();  // transposes, reshapes, slices, ... that undo each other or do nothing
Pass cancel_casts();
Pass simplify_arithmetic();  // x + 0, x * 1, x / c, pow(x, 2), ...
Pass fold_shapes();          // Shape -> Gather -> Concat -> Reshape chains
Pass sink_transposes();
Pass recognise_activations();
Pass recognise_norms();
Pass recognise_group_norms();
Pass recognise_one_hot();
Pass fold_affine();     // batch norm, scales and biases into weights
Pass merge_branches();  // convolutions of one input that are added

Pass widen_halves();
Pass expand_quantization();
Pass integer_products();
Pass widen_integer_products();

Pass recognise_attention();
Pass split_products();
Pass sink_reshapes();
Pass channels_last();
Pass fuse_epilogue();
Pass merge_siblings();
Pass fuse_chains();
Pass join_products();
Pass fuse_pointwise();
Pass count_layouts();

}  // namespace ingot::passes
