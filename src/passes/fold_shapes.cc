// Chains that compute shapes vanish: what they compute is known as expressions of the run's sizes.
#include "ops/expand.h"
#include "ops/reshape.h"
#include "ops/sizes.h"
#include "ops/slice.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;

// Elements of operand `index` when every symbol in them has its size before the node runs.
std::optional<DimShape> known_elements(const ir::Graph& graph, const ir::Node& node, size_t index) {
  const ir::ValueId id = input_or_none(node, index);
  if (id == kNoValue || !graph.fact(id).elements) return std::nullopt;
  if (!all_bound(*graph.fact(id).elements, bound_symbols(graph, node, 1))) return std::nullopt;
  return graph.fact(id).elements;
}

ir::Outcome reshape(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Reshape>() || node.inputs.size() != 2) return ir::no_match;
  const Fact& result = graph.fact(node.outputs[0]);
  if (!graph.fact(node.inputs[1]).elements) return ir::refused("the shape is known only when it runs");
  if (!result.shape || !all_bound(*result.shape, bound_symbols(graph, node, 1))) {
    return ir::refused("a size is known only when it runs");
  }
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Reshape{*result.shape, true}, {node.inputs[0]}));
  return patch;
}

ir::Outcome expand(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Expand>() || node.inputs.size() != 2) return ir::no_match;
  const auto elements = known_elements(graph, node, 1);
  if (!elements) return ir::refused("the shape is known only when it runs");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Expand{*elements}, {node.inputs[0]}));
  return patch;
}

ir::Outcome slice(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Slice>() || node.inputs.size() < 3) return ir::no_match;
  const auto starts = known_elements(graph, node, 1), ends = known_elements(graph, node, 2);
  if (!starts || !ends) return ir::refused("the bounds are known only when it runs");
  Slice fields{*starts, *ends, {}, {}};
  for (const size_t index : {3, 4}) {
    if (input_or_none(node, index) == kNoValue) continue;
    const auto elements = known_elements(graph, node, index);
    const auto numbers = elements ? constant_shape(*elements) : std::nullopt;
    if (!numbers) return ir::refused("the axes or steps are known only when it runs");
    (index == 3 ? fields.axes : fields.steps) = *numbers;
  }
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(std::move(fields), {node.inputs[0]}));
  return patch;
}

// A computed value that is an expression of the graph's own symbols.
ir::Outcome known_value(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (node.op.is<Sizes>() || node.inputs.empty() || node.outputs.size() != 1) return ir::no_match;
  const Fact& fact = graph.fact(node.outputs[0]);
  if (!fact.elements || fact.value || !fact.shape) return ir::no_match;
  if (!all_bound(*fact.elements, bound_symbols(graph, node, 0))) {
    return ir::refused("a size is known only when it runs");
  }
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Sizes{*fact.elements, fact.rank() == 0, fact.dtype()}, {}));
  return patch;
}

}  // namespace

Pass fold_shapes() {
  return {"fold_shapes",
          "Shapes and bounds that are expressions of the inputs' sizes stand in the operators that use them; nothing "
          "computes them at run time.",
          "After folding, which makes the constants in such chains known; before cancelling, which compares shapes.",
          {{"reshape", reshape}, {"expand", expand}, {"slice", slice}, {"known_value", known_value}}};
}

}  // namespace ingot::passes
