// The typed graph: values with facts, nodes with operators. It is typed at every moment.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ops/op.h"
#include "tensor/type.h"

namespace ingot::ir {

using ValueId = int32_t;
using NodeId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an absent optional input, an unused output

// Which ONNX nodes something came from, by name; carried through every rewrite.
using Origin = std::vector<std::string>;
// Appends what `origin` does not hold yet.
void merge_origin(Origin& origin, const Origin& more);

struct ValueInfo {
  Fact fact;
  std::string name;      // ONNX's name, or made up; need not be unique (the text form makes it so)
  NodeId producer = -1;  // -1: input or constant
  int32_t output = 0;    // which output of the producer
};

struct Node {
  Op op;
  std::vector<ValueId> inputs, outputs;
  Origin origin;
  bool removed = false;
};

// Values and nodes are numbered in the order added and never renumbered, except by compact(). Bodies of control flow
// are graphs of their own: they see nothing of this graph but what the node passes as inputs; operators name them by
// index into bodies(). Not thread-safe; movable.
class Graph {
 public:
  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph clone() const;

  std::string name = "main";

  ValueId add_input(std::string name, Fact fact);
  // Constants of equal bytes are not merged here.
  ValueId add_constant(Tensor value, std::string name = "");
  // An empty graph that draws its fresh symbols from the same source as this one, as a body built now must: its facts
  // name symbols of this graph and of its own side by side.
  Graph new_body() const;
  size_t add_body(Graph body);
  // Infers at once; throws Error with a "node ..." frame when inference refuses. Returns the outputs' ids.
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, Origin origin);
  // For operators with one output.
  ValueId add(Op op, std::vector<ValueId> inputs, Origin origin);
  // With facts that infer() gave for these inputs before.
  std::vector<ValueId> add_inferred(Op op, std::vector<ValueId> inputs, Origin origin, std::vector<Fact> facts);
  void set_outputs(std::vector<ValueId> outputs, std::vector<std::string> names);

  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  const std::vector<std::string>& output_names() const { return output_names_; }
  const ValueInfo& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  const Fact& fact(ValueId id) const { return value(id).fact; }
  // Content when known before running, else null.
  const Tensor* constant(ValueId id) const;
  bool is_graph_input(ValueId id) const;
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  // Null for inputs and constants.
  const Node* producer(ValueId id) const;
  size_t value_count() const { return values_.size(); }
  size_t node_count() const { return nodes_.size(); }  // removed ones included
  size_t live_node_count() const;
  std::vector<std::unique_ptr<Graph>>& bodies() { return bodies_; }
  const std::vector<std::unique_ptr<Graph>>& bodies() const { return bodies_; }

  // Live nodes, producers before users.
  const std::vector<NodeId>& order() const;
  // Live nodes that read `id`, each once.
  const std::vector<NodeId>& users(ValueId id) const;
  bool is_output(ValueId id) const;
  // The node that alone reads `id`, or -1: several readers, none, or the value is an output of the graph.
  NodeId sole_user(ValueId id) const;

  // Every reader of `from`, and the graph's outputs, read `to` instead.
  void replace_uses(ValueId from, ValueId to);
  void remove_node(NodeId id);
  // Replaces what is known of a value by something at least as precise.
  void refine_fact(ValueId id, Fact fact);
  void merge_node_origin(NodeId id, const Origin& more) { merge_origin(nodes_[static_cast<size_t>(id)].origin, more); }
  void rename_value(ValueId id, std::string name) { values_[static_cast<size_t>(id)].name = std::move(name); }
  // Nodes nobody needs are removed; returns how many.
  size_t remove_dead();
  // The same among `roots` and what feeds them alone; returns the nodes removed.
  std::vector<NodeId> remove_dead_from(std::vector<NodeId> roots);
  // Drops removed nodes, unreferenced values and bodies; ids and body indices change.
  void compact();

  // A symbol that no fact of this graph (or its bodies) uses yet: "?7".
  Dim fresh_dim() const;
  // How many such symbols there may be: the next one is "?" and this number.
  int64_t symbol_count() const { return *next_symbol_; }
  // The facts that `op` gives for these inputs (null: absent), without adding anything.
  std::vector<Fact> infer(const Op& op, std::vector<const Fact*> inputs) const;
  std::vector<Fact> infer(const Op& op, std::span<const ValueId> inputs) const;

 private:
  void refresh() const;
  ValueId add_value(ValueInfo info);
  void add_user(ValueId value, NodeId node);
  void share_symbols(const std::shared_ptr<int64_t>& counter);
  void compact_bodies();
  void reserve_symbols(const Fact& fact) const;
  std::vector<ValueInfo> values_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_, outputs_;
  std::vector<std::string> output_names_;
  std::vector<std::unique_ptr<Graph>> bodies_;
  std::shared_ptr<int64_t> next_symbol_ = std::make_shared<int64_t>(0);  // shared with bodies
  std::vector<std::vector<NodeId>> users_;                               // by value
  mutable bool order_valid_ = false;
  mutable std::vector<NodeId> order_;
};

enum class VerifyLevel : uint8_t {
  kStructure,  // ids in range, operands defined before use, no cycles, uses as recorded
  kFacts,      // also: every fact is equal to or more precise than what infer gives
};
// Throws kInternal naming the first fault. Bodies that nodes refer to are checked too.
void verify(const Graph& graph, VerifyLevel level = VerifyLevel::kStructure);

// Null when a value of fact `actual` may stand where `expected` was promised, else a static reason. Dims may differ
// where one of them is not constant.
const char* compatible(const Fact& actual, const Fact& expected);
// What both facts say of one value; `a` decides where neither is more precise.
Fact meet(Fact a, const Fact& b);

}  // namespace ingot::ir
