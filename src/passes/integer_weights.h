// Constant weights of quantised products in the form that kernels on integers want.
#pragma once
#include "passes/pass.h"

namespace ingot::passes {

// Weights as i8 whose zero point is 0: those of u8 round 128 are moved there. Undefined when they can't be. `zero`:
// null where there is none.
Tensor centred_weights(const Tensor& weights, const Tensor* zero);

// A rule: MatMulInteger and ConvInteger with such weights.
ir::Outcome drop_weight_zero(const ir::Graph& graph, ir::NodeId id, PassRun& run);

}  // namespace ingot::passes
