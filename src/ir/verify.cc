#include <set>

#include "ir/graph.h"

namespace ingot::ir {
namespace {

void check(bool condition, const char* what, const std::string& where) {
  if (!condition) fail(Code::kInternal, "the graph is broken: {} ({})", what, where);
}

void verify_node(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto count = static_cast<ValueId>(graph.value_count());
  for (const ValueId input : node.inputs) {
    check(input == kNoValue || (input >= 0 && input < count), "an operand that does not exist", node.op.text());
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueInfo& value = graph.value(node.outputs[i]);
    check(value.producer == id && value.output == static_cast<int32_t>(i), "an output with another producer",
          node.op.text());
  }
}

}  // namespace

void verify(const Graph& graph) {
  for (const NodeId id : graph.order()) verify_node(graph, id);
  for (const ValueId output : graph.outputs()) {
    check(output >= 0 && output < static_cast<ValueId>(graph.value_count()), "an output that does not exist",
          graph.name);
    check(graph.constant(output) != nullptr || graph.is_graph_input(output) || graph.producer(output) != nullptr,
          "an output that nothing produces", graph.name);
  }
  for (const auto& body : graph.bodies()) verify(*body);
}

}  // namespace ingot::ir
