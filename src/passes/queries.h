// Questions that rules ask of a graph.
#pragma once
#include <set>
#include <string>

#include "ir/graph.h"
#include "ir/pattern.h"

namespace ingot::passes {

// A node of kind T that gives value `id` (as its output 0), with its fields; null fields when it is no T.
template <class T> struct Producer {
  const ir::Node* node = nullptr;
  const T* op = nullptr;
  explicit operator bool() const { return op != nullptr; }
  ir::ValueId input(size_t index) const { return index < node->inputs.size() ? node->inputs[index] : ir::kNoValue; }
};
template <class T> Producer<T> producer_as(const ir::Graph& graph, ir::ValueId id) {
  const ir::Node* node = graph.producer(id);
  if (node == nullptr || graph.value(id).output != 0) return {};
  return {node, node->op.as<T>()};
}

inline ir::ValueId input_or_none(const ir::Node& node, size_t index) {
  return index < node.inputs.size() ? node.inputs[index] : ir::kNoValue;
}

// Whether every element of a constant equals `value` exactly.
inline bool is_all(const ir::Graph& graph, ir::ValueId id, double value) {
  const auto splat = ir::splat_value(graph.constant(id));
  return splat && *splat == value;
}

// Same type and, as far as expressions tell, the same sizes.
inline bool same_shape(const Fact& a, const Fact& b) { return a.shape && b.shape && *a.shape == *b.shape; }

// Elements of a value whose rank is known, at least 1, where layouts are weighed against each other: symbols count as
// what is supposed of them.
int64_t supposed_elements(const Fact& fact);

// Symbols whose sizes are known before node `id` runs: those of the graph's inputs and of the node's own operands.
inline std::set<std::string> bound_symbols(const ir::Graph& graph, const ir::Node& node, size_t operands) {
  std::set<std::string> symbols;
  const auto add = [&](ir::ValueId id) {
    if (id == ir::kNoValue || !graph.fact(id).shape) return;
    for (const Dim& dim : *graph.fact(id).shape) {
      const std::string name = dim.symbol_name();
      if (!name.empty()) symbols.insert(name);
    }
  };
  for (const ir::ValueId id : graph.inputs()) add(id);
  for (size_t i = 0; i < node.inputs.size() && i < operands; ++i) add(node.inputs[i]);
  return symbols;
}
inline bool all_bound(const DimShape& dims, const std::set<std::string>& bound) {
  std::set<std::string> needed;
  for (const Dim& dim : dims) dim.collect_symbols(needed);
  for (const auto& symbol : needed) {
    if (!bound.contains(symbol)) return false;
  }
  return true;
}

}  // namespace ingot::passes
