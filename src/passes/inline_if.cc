// The body of an If whose condition is known takes its place.
#include "ir/bodies.h"
#include "ir/infer_again.h"
#include "ops/if.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

void inline_all(ir::Graph& graph, PassRun& run) {
  const auto order = graph.order();
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const auto* op = node.removed ? nullptr : node.op.as<If>();
    if (op == nullptr) continue;
    const auto condition = ir::splat_value(graph.constant(node.inputs[0]));
    if (!condition) {
      run.refuse(graph, "inline_if", id, "the condition is known only when it runs");
      continue;
    }
    if (!run.allow_change()) return;
    const auto body = static_cast<size_t>(*condition != 0 ? op->then_body : op->else_body);
    const std::vector<ir::ValueId> captured(node.inputs.begin() + 1, node.inputs.end());
    const auto old = node.outputs;
    const ir::Origin origin = node.origin;
    const auto results = ir::inline_body(graph, graph.bodies()[body]->clone(), captured, origin);
    for (size_t i = 0; i < old.size(); ++i) graph.replace_uses(old[i], results[i]);
    graph.remove_node(id);
    ir::infer_again(graph, results);
    ir::empty_unused_bodies(graph);
  }
}

}  // namespace

Pass inline_if() {
  return {"inline_if",
          "No If whose condition is a constant.",
          "After folding, which finds conditions; what comes in from the body is simplified in the next round.",
          {},
          inline_all};
}

}  // namespace ingot::passes
