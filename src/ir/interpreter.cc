#include "ir/interpreter.h"

namespace ingot::ir {
namespace {

void release_dead(const Graph& graph, const Node& node, std::vector<int32_t>& uses, std::vector<Value>& values) {
  for (const ValueId input : node.inputs) {
    if (input != kNoValue && --uses[static_cast<size_t>(input)] == 0) values[static_cast<size_t>(input)] = {};
  }
  for (const ValueId output : node.outputs) {
    if (uses[static_cast<size_t>(output)] == 0) values[static_cast<size_t>(output)] = {};
  }
  (void)graph;
}

std::vector<int32_t> count_uses(const Graph& graph) {
  std::vector<int32_t> uses(graph.value_count(), 0);
  for (const NodeId id : graph.order()) {
    for (const ValueId input : graph.node(id).inputs) {
      if (input != kNoValue) ++uses[static_cast<size_t>(input)];
    }
  }
  for (const ValueId output : graph.outputs()) ++uses[static_cast<size_t>(output)];
  return uses;
}

// Gives the symbols of `fact` that have no size yet the sizes that `value` shows.
void bind_symbols(const Fact& fact, const Value& value, SymbolValues& symbols) {
  if (!fact.shape || !value.is_tensor() || fact.shape->size() != value.tensor().shape().size()) return;
  for (size_t axis = 0; axis < fact.shape->size(); ++axis) {
    const std::string name = (*fact.shape)[axis].symbol_name();
    if (!name.empty()) symbols.try_emplace(name, value.tensor().shape()[axis]);
  }
}

}  // namespace

std::vector<Value> interpret(const Graph& graph, std::vector<Value> inputs, const InterpretOptions& options) {
  if (inputs.size() != graph.inputs().size()) {
    fail(Code::kInvalidArgument, "graph {} takes {} inputs, got {}", graph.name, graph.inputs().size(), inputs.size());
  }
  std::vector<Value> values(graph.value_count());
  std::vector<uint8_t> present(graph.value_count(), 0);
  for (size_t id = 0; id < graph.value_count(); ++id) {
    if (const Tensor* constant = graph.constant(static_cast<ValueId>(id))) {
      values[id] = *constant;
      present[id] = 1;
    }
  }
  SymbolValues symbols = options.symbols;
  for (size_t i = 0; i < inputs.size(); ++i) {
    bind_symbols(graph.fact(graph.inputs()[i]), inputs[i], symbols);
    values[static_cast<size_t>(graph.inputs()[i])] = std::move(inputs[i]);
  }
  auto uses = count_uses(graph);
  InterpretOptions body_options = options;
  body_options.observe = nullptr;
  EvalHost host;
  host.memory_budget = options.memory_budget;
  host.check_cancelled = options.check_cancelled;
  host.symbols = &symbols;
  host.run_body = [&](size_t index, std::vector<Value> body_inputs) {
    body_options.symbols = symbols;
    return interpret(*graph.bodies().at(index), std::move(body_inputs), body_options);
  };
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (options.check_cancelled) options.check_cancelled();
    std::vector<const Value*> operands;
    for (const ValueId input : node.inputs) {
      operands.push_back(input == kNoValue ? nullptr : &values[static_cast<size_t>(input)]);
    }
    host.seed = options.seed + static_cast<uint64_t>(id) * 0x9e3779b97f4a7c15ull;
    auto results =
        with_frame([&] { return "node " + (node.origin.empty() ? "?" : node.origin[0]) + " (" + node.op.name() + ")"; },
                   [&] { return evaluate(node.op, operands, host); });
    results.resize(node.outputs.size());
    if (options.observe) options.observe(node, results);
    for (size_t i = 0; i < results.size(); ++i) {
      const auto output = static_cast<size_t>(node.outputs[i]);
      bind_symbols(graph.fact(node.outputs[i]), results[i], symbols);
      if (!present[output]) values[output] = std::move(results[i]);
    }
    release_dead(graph, node, uses, values);
  }
  std::vector<Value> outputs;
  for (const ValueId output : graph.outputs()) outputs.push_back(values[static_cast<size_t>(output)]);
  return outputs;
}

}  // namespace ingot::ir
