// Reshapes of a product's rows move behind the product, where they meet others that undo them.
#include "ops/cast.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "passes/reshape_groups.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

constexpr size_t kMostAxes = 4;  // of an operand, which the kernels of every target take

// The operand of a reshape with its own rows, but the columns of the result; empty where these are no whole axes.
std::optional<DimShape> own_rows(const DimShape& from, const DimShape& to) {
  const auto groups = reshape_groups(from, to);
  if (!groups || groups->empty() || groups->back().to_count != 1 || groups->back().from_count == 0) return std::nullopt;
  DimShape shape(from.begin(), from.begin() + static_cast<int64_t>(groups->back().from));
  shape.push_back(to.back());
  return shape.size() < 2 || shape.size() > kMostAxes ? std::nullopt : std::optional(std::move(shape));
}

ir::Outcome through_product(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<MatMul>();
  if (op == nullptr || op->trans_a || !op->epilogue.empty() || !run.target().matmul_epilogue) return ir::no_match;
  const auto reshape = producer_as<Reshape>(graph, node.inputs[0]);
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (!reshape || weights == nullptr || weights->rank() != 2) return ir::no_match;
  const Fact &from = graph.fact(reshape.input(0)), &to = graph.fact(node.inputs[0]), &y = graph.fact(node.outputs[0]);
  if (!from.shape || !to.shape || !y.shape) return ir::no_match;
  auto shape = own_rows(*from.shape, *to.shape);
  if (!shape || *shape == *to.shape) return ir::no_match;
  if (const ValueId bias = input_or_none(node, 2); bias != kNoValue && graph.fact(bias).rank() > 1) {
    return ir::refused("a bias that is not the same for every row");
  }
  const auto bound = bound_symbols(graph, *reshape.node, 1);
  if (!all_bound(*y.shape, bound) || !all_bound(*shape, bound)) return ir::refused("a size is known only when it runs");
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = *shape == *from.shape ? reshape.input(0) : patch.add(Reshape{*shape, true}, {reshape.input(0)});
  patch.replace(node.outputs[0], patch.add(Reshape{*y.shape, true}, {patch.add(node.op, std::move(inputs))}));
  return patch;
}

// A cast of a reshaped product.
ir::Outcome through_cast(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Cast>()) return ir::no_match;
  const auto reshape = producer_as<Reshape>(graph, node.inputs[0]);
  if (!reshape || reshape.node->inputs.size() != 1) return ir::no_match;
  if (!producer_as<MatMul>(graph, reshape.input(0)) || graph.sole_user(node.inputs[0]) != id) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(*reshape.op, {patch.add(node.op, {reshape.input(0)})}));
  return patch;
}

}  // namespace

Pass sink_reshapes() {
  return {
      "sink_reshapes",
      "No product with one constant matrix has an operand whose rows are only counted otherwise.",
      "With cancel_movement, which removes the pairs that meet; before fuse_epilogue, which then finds what follows "
      "the product.",
      {{"through_product", through_product}, {"through_cast", through_cast}}};
}

}  // namespace ingot::passes
