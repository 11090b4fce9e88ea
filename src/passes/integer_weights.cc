#include "passes/integer_weights.h"

#include "ops/conv_integer.h"
#include "ops/matmul_integer.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {

Tensor centred_weights(const Tensor& weights, const Tensor* zero) {
  const auto splat = zero == nullptr ? std::optional(0.0) : ir::splat_value(zero);
  if (!splat) return {};
  if (weights.dtype() == DType::kI8 && *splat == 0) return weights;
  if (weights.dtype() != DType::kU8 || *splat != 128) return {};
  Tensor moved = Tensor::uninitialized(DType::kI8, weights.shape());
  for (int64_t i = 0; i < moved.count(); ++i) write_int(moved, i, read_int(weights, i) - 128);
  return moved;
}

ir::Outcome drop_weight_zero(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const bool product = node.op.is<MatMulInteger>() || node.op.is<ConvInteger>();
  if (!product || !run.target().integer_products || input_or_none(node, 3) == ir::kNoValue) return ir::no_match;
  const Tensor *weights = graph.constant(node.inputs[1]), *zero = graph.constant(node.inputs[3]);
  if (weights == nullptr || zero == nullptr) return ir::refused("the weights are computed");
  const Tensor centred = centred_weights(*weights, zero);
  if (!centred.defined()) return ir::refused("the weights have zero points other than the middle");
  ir::Patch patch(graph);
  const ir::ValueId w = weights->dtype() == DType::kI8 ? node.inputs[1] : patch.constant(centred);
  patch.replace(node.outputs[0], patch.add(node.op, {node.inputs[0], w, input_or_none(node, 2)}));
  return patch;
}

}  // namespace ingot::passes
