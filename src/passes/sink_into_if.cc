// What follows an If whose branches give tensors of different ranks moves into both branches, where ranks are known:
// exporters of traced code leave such Ifs behind "squeeze the axis when its size is 1". Unknown ranks spread, and
// operators on them run as evaluations.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/bodies.h"
#include "ir/symbols.h"
#include "ops/if.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

constexpr size_t kMostNodes = 100;  // that are copied into each branch
constexpr int kMostIfs = 6;         // among them, each of which may be copied again

// Whether a branch knows a rank that the other one's denies to the result.
bool hides_a_rank(const ir::Graph& graph, const ir::Node& node, const If& op) {
  const ir::Graph& on_true = *graph.bodies()[static_cast<size_t>(op.then_body)];
  const ir::Graph& on_false = *graph.bodies()[static_cast<size_t>(op.else_body)];
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ir::ValueId output = node.outputs[i];
    if (output == ir::kNoValue || graph.fact(output).shape || graph.users(output).empty()) continue;
    if (on_true.fact(on_true.outputs()[i]).shape || on_false.fact(on_false.outputs()[i]).shape) return true;
  }
  return false;
}

// The nodes that depend on an If, and what moving them takes.
class Tail {
 public:
  Tail(const ir::Graph& graph, ir::NodeId root) : graph_(graph), root_(root) {
    const ir::Node& node = graph.node(root);
    captured_.assign(node.inputs.begin() + 1, node.inputs.end());
    give(node);
    for (const ir::NodeId id : graph.order()) {
      const ir::Node& each = graph.node(id);
      if (std::none_of(each.inputs.begin(), each.inputs.end(), [&](ir::ValueId v) { return given_.contains(v); }))
        continue;
      nodes_.push_back(id);
      give(each);
    }
    for (const ir::NodeId id : nodes_) capture(graph.node(id));
  }

  // Null when it may move, else why not.
  const char* refusal() const {
    if (nodes_.size() > kMostNodes) return "too many nodes follow";
    int ifs = 0;
    for (const ir::NodeId id : nodes_) {
      const Op& op = graph_.node(id).op;
      if (op.has(kNondeterministic)) return "a random operator follows";
      ifs += op.is<If>() ? 1 : 0;
    }
    return ifs > kMostIfs ? "too many Ifs follow" : nullptr;
  }
  const std::vector<ir::NodeId>& nodes() const { return nodes_; }
  const std::vector<ir::ValueId>& results() const { return results_; }
  const std::vector<ir::ValueId>& captured() const { return captured_; }

  // The branch with the tail after it. Throws where the tail does not take what the branch gives.
  ir::Graph after(size_t body) const {
    ir::Graph branch = graph_.new_body();
    branch.name = graph_.bodies()[body]->name;
    Names names{branch, {}, {}};
    std::vector<ir::ValueId> inputs;
    for (const ir::ValueId id : captured_) {
      inputs.push_back(branch.add_input(graph_.value(id).name, graph_.fact(id)));
      names.values[id] = inputs.back();
    }
    const ir::Node& root = graph_.node(root_);
    inputs.resize(root.inputs.size() - 1);
    const auto given = ir::inline_body(branch, graph_.bodies()[body]->clone(), inputs, {});
    name(root, given, names);
    for (const ir::NodeId id : nodes_) copy(graph_.node(id), names);
    std::vector<ir::ValueId> outputs;
    std::vector<std::string> output_names;
    for (const ir::ValueId id : results_) {
      outputs.push_back(names.values.at(id));
      output_names.push_back(graph_.value(id).name);
    }
    branch.set_outputs(std::move(outputs), std::move(output_names));
    return branch;
  }

 private:
  void give(const ir::Node& node) {
    for (const ir::ValueId id : node.outputs) {
      if (id == ir::kNoValue) continue;
      given_.insert(id);
      if (graph_.is_output(id)) results_.push_back(id);
    }
  }
  void capture(const ir::Node& node) {
    for (const ir::ValueId id : node.inputs) {
      if (id == ir::kNoValue || given_.contains(id) || graph_.constant(id) != nullptr) continue;
      if (std::find(captured_.begin(), captured_.end(), id) == captured_.end()) captured_.push_back(id);
    }
  }
  // What the graph's values and sizes are called in a branch.
  struct Names {
    ir::Graph& branch;
    std::unordered_map<ir::ValueId, ir::ValueId> values;
    ir::SymbolDims sizes;
  };
  void name(const ir::Node& node, const std::vector<ir::ValueId>& outputs, Names& names) const {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ir::ValueId id = node.outputs[i];
      if (id == ir::kNoValue) continue;
      names.values[id] = outputs[i];
      const auto &before = graph_.fact(id).shape, &after = names.branch.fact(outputs[i]).shape;
      if (before && after) ir::learn_symbols(*before, *after, names.sizes);
    }
  }
  void copy(const ir::Node& node, Names& names) const {
    std::vector<ir::ValueId> inputs;
    for (const ir::ValueId id : node.inputs) {
      if (id != ir::kNoValue && !names.values.contains(id)) {
        names.values[id] = names.branch.add_constant(*graph_.constant(id), graph_.value(id).name);
      }
      inputs.push_back(id == ir::kNoValue ? id : names.values.at(id));
    }
    const Op op = ir::with_symbols(with_copied_bodies(node.op, names.branch), names.sizes);
    const auto outputs = names.branch.add_node(op, std::move(inputs), node.origin);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != ir::kNoValue) names.branch.rename_value(outputs[i], graph_.value(node.outputs[i]).name);
    }
    name(node, outputs, names);
  }
  Op with_copied_bodies(const Op& op, ir::Graph& branch) const {
    if (!op.has(kControlFlow)) return op;
    return ir::with_body_indices(op, [&](int64_t index) {
      return static_cast<int64_t>(branch.add_body(graph_.bodies()[static_cast<size_t>(index)]->clone()));
    });
  }

  const ir::Graph& graph_;
  ir::NodeId root_;
  std::vector<ir::NodeId> nodes_;
  std::vector<ir::ValueId> captured_;  // what the branches captured first
  std::vector<ir::ValueId> results_;   // outputs of the graph
  std::unordered_set<ir::ValueId> given_;
};

// False where a branch turned out not to fit; the graph is then as it was.
bool sink(ir::Graph& graph, ir::NodeId id, const Tail& tail, PassRun& run) {
  const ir::Node node = graph.node(id);
  const auto& op = *node.op.as<If>();
  std::vector<ir::Graph> branches;
  try {
    branches.push_back(tail.after(static_cast<size_t>(op.then_body)));
    branches.push_back(tail.after(static_cast<size_t>(op.else_body)));
  } catch (const Error&) {
    run.refuse(graph, "sink_into_if", id, "what follows does not take what a branch gives");
    return false;
  }
  if (!run.allow_change()) return false;
  If sunk;
  sunk.then_body = static_cast<int64_t>(graph.add_body(std::move(branches[0])));
  sunk.else_body = static_cast<int64_t>(graph.add_body(std::move(branches[1])));
  std::vector<ir::ValueId> inputs = {node.inputs[0]};
  inputs.insert(inputs.end(), tail.captured().begin(), tail.captured().end());
  ir::Origin origin = node.origin;
  for (const ir::NodeId each : tail.nodes()) ir::merge_origin(origin, graph.node(each).origin);
  const auto outputs = graph.add_node(sunk, std::move(inputs), std::move(origin));
  for (size_t i = 0; i < outputs.size(); ++i) {
    graph.rename_value(outputs[i], graph.value(tail.results()[i]).name);
    graph.replace_uses(tail.results()[i], outputs[i]);
  }
  for (auto each = tail.nodes().rbegin(); each != tail.nodes().rend(); ++each) graph.remove_node(*each);
  graph.remove_node(id);
  ir::empty_unused_bodies(graph);
  return true;
}

void sink_all(ir::Graph& graph, PassRun& run) {
  const auto order = graph.order();
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const auto* op = node.removed ? nullptr : node.op.as<If>();
    if (op == nullptr || !hides_a_rank(graph, node, *op)) continue;
    const Tail tail(graph, id);
    if (tail.results().empty()) continue;  // dead
    if (const char* reason = tail.refusal()) {
      run.refuse(graph, "sink_into_if", id, reason);
    } else if (sink(graph, id, tail, run)) {
      return;  // all that followed has gone
    }
  }
}

}  // namespace

Pass sink_into_if() {
  return {"sink_into_if",
          "What follows an If that gives different ranks stands in its branches, which know them.",
          "After inline_if, which needs no copies; in the branches, what asks for ranks folds in the next round.",
          {},
          sink_all};
}

}  // namespace ingot::passes
