// A change to a graph, built beside it and applied at once: rules never mutate a graph.
#pragma once
#include <variant>

#include "ir/graph.h"

namespace ingot::ir {

// New nodes and constants, with ids that continue the graph's, and which old value each replaced value becomes. Valid
// until the graph changes. Facts of new nodes are inferred when they are added.
class Patch {
 public:
  explicit Patch(const Graph& graph)
      : graph_(&graph), first_(static_cast<ValueId>(graph.value_count())), first_symbol_(graph.symbol_count()) {}

  // Throws Error when inference refuses.
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs);
  // For operators with one output.
  ValueId add(Op op, std::vector<ValueId> inputs) { return add_node(std::move(op), std::move(inputs)).at(0); }
  ValueId constant(Tensor value);
  // Every reader of `from` is to read `to`, which may be new or already in the graph.
  void replace(ValueId from, ValueId to) { replacements_.emplace_back(from, to); }

  // Of a value of the graph or of this patch.
  const Fact& fact(ValueId id) const;
  const Tensor* constant_value(ValueId id) const;

  bool empty() const { return replacements_.empty(); }

 private:
  friend const char* refuse(const Graph& graph, const Patch& patch);
  friend std::vector<NodeId> apply(Graph& graph, Patch patch);
  struct NewNode {
    Op op;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;
  };
  struct NewValue {
    Fact fact;
    bool is_constant;
  };
  const Graph* graph_;
  ValueId first_;
  int64_t first_symbol_;  // symbols from here on are the patch's own
  std::vector<NewNode> nodes_;
  std::vector<NewValue> values_;
  std::vector<std::pair<ValueId, ValueId>> replacements_;
};

// Null when every replacement keeps or refines type, rank and sizes; else a static reason.
const char* refuse(const Graph& graph, const Patch& patch);

// Adds, replaces, and removes what nobody needs any longer. New nodes carry the origins of the removed ones, new values
// that replace old ones take their names. A replacement that the graph knew more of gets the more precise fact, and
// unknown sizes keep the symbols that facts downstream know them by. The patch must not be refused. Returns the new
// nodes.
std::vector<NodeId> apply(Graph& graph, Patch patch);

// What a rule answers for one node.
struct NoMatch {};
struct Refused {
  const char* reason;  // static: why something that looks like a match is left alone
};
using Outcome = std::variant<NoMatch, Refused, Patch>;
inline constexpr NoMatch no_match{};
inline Outcome refused(const char* reason) { return Refused{reason}; }

}  // namespace ingot::ir
