#include <algorithm>

#include "ir/bodies.h"

namespace ingot::ir {
namespace {

void check(bool condition, const char* what, const std::string& where) {
  if (!condition) fail(Code::kInternal, "the graph is broken: {} ({})", what, where);
}

std::string label(const Graph& graph, const Node& node) {
  std::string text = node.op.text();
  if (!node.outputs.empty()) text = "%" + graph.value(node.outputs[0]).name + " = " + text;
  return graph.name + ": " + text;
}

void verify_structure(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto count = static_cast<ValueId>(graph.value_count());
  for (const ValueId input : node.inputs) {
    if (input == kNoValue) continue;
    check(input >= 0 && input < count, "an operand that does not exist", label(graph, node));
    const auto& users = graph.users(input);
    check(std::count(users.begin(), users.end(), id) == 1, "a use that is not recorded once", label(graph, node));
    const Node* producer = graph.producer(input);
    check(producer == nullptr || !producer->removed, "an operand of a removed node", label(graph, node));
    check(producer != nullptr || graph.constant(input) != nullptr || graph.is_graph_input(input),
          "an operand that nothing produces", label(graph, node));
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueInfo& value = graph.value(node.outputs[i]);
    check(value.producer == id && value.output == static_cast<int32_t>(i), "an output with another producer",
          label(graph, node));
  }
  for (const int64_t body : body_indices(node.op)) {
    check(body < static_cast<int64_t>(graph.bodies().size()), "a body that does not exist", label(graph, node));
  }
}

void verify_facts(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto facts = graph.infer(node.op, std::span<const ValueId>(node.inputs));
  check(facts.size() == node.outputs.size(), "inference gives another number of outputs", label(graph, node));
  for (size_t i = 0; i < facts.size(); ++i) {
    const Fact& stored = graph.fact(node.outputs[i]);
    if (const char* reason = compatible(stored, facts[i])) {
      fail(Code::kInternal, "the graph is broken: {} where {} is inferred: {} ({})", stored.text(), facts[i].text(),
           reason, label(graph, node));
    }
    check(stored.has_rank() || !facts[i].has_rank(), "a fact less precise than inference", label(graph, node));
  }
}

}  // namespace

const char* compatible(const Fact& actual, const Fact& expected) {
  if (!(actual.type == expected.type)) return "another type";
  if (!actual.has_rank() || !expected.has_rank()) return nullptr;
  if (actual.rank() != expected.rank()) return "another rank";
  for (size_t i = 0; i < actual.shape->size(); ++i) {
    const auto a = (*actual.shape)[i].constant(), b = (*expected.shape)[i].constant();
    if (a && b && *a != *b) return "another size";
  }
  return nullptr;
}

Fact meet(Fact a, const Fact& b) {
  if (!a.shape) a.shape = b.shape;
  if (a.shape && b.shape && a.shape->size() == b.shape->size()) {
    for (size_t i = 0; i < a.shape->size(); ++i) {
      Dim& mine = (*a.shape)[i];
      const Dim& other = (*b.shape)[i];
      const bool unnamed = mine.symbol_name().starts_with("?");
      if (!mine.is_constant() && (other.is_constant() || (unnamed && !other.symbol_name().starts_with("?")))) {
        mine = other;
      }
    }
  }
  if (!a.value) a.value = b.value;
  if (!a.elements) a.elements = b.elements;
  return a;
}

void verify(const Graph& graph, VerifyLevel level) {
  for (const NodeId id : graph.order()) {
    verify_structure(graph, id);
    if (level == VerifyLevel::kFacts) verify_facts(graph, id);
    for (const int64_t body : body_indices(graph.node(id).op)) {
      verify(*graph.bodies()[static_cast<size_t>(body)], level);
    }
  }
  for (const ValueId output : graph.outputs()) {
    check(output >= 0 && output < static_cast<ValueId>(graph.value_count()), "an output that does not exist",
          graph.name);
    const Node* producer = graph.producer(output);
    check(producer == nullptr || !producer->removed, "an output of a removed node", graph.name);
    check(graph.constant(output) != nullptr || graph.is_graph_input(output) || producer != nullptr,
          "an output that nothing produces", graph.name);
  }
}

}  // namespace ingot::ir
