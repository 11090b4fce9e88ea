#include "passes/passes.h"

namespace ingot::passes {
namespace {

void remove(ir::Graph& graph, PassRun& run) {
  // Counted as one change, and only when there is something to remove.
  const auto needed_by_nobody = [&](ir::NodeId id) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (graph.is_output(output) || !graph.users(output).empty()) return false;
    }
    return true;
  };
  const auto& order = graph.order();
  if (std::any_of(order.begin(), order.end(), needed_by_nobody) && run.allow_change()) graph.remove_dead();
}

}  // namespace

Pass remove_dead() {
  return {"remove_dead",
          "Every node leads to an output of the graph.",
          "Before the others, so that they neither look at nor count readers that nobody needs.",
          {},
          remove};
}

}  // namespace ingot::passes
