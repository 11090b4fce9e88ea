#include "ir/infer_again.h"

#include <algorithm>
#include <unordered_set>

#include "ir/symbols.h"

namespace ingot::ir {
namespace {

bool tells_the_same(const Fact& a, const Fact& b) {
  return a.shape == b.shape && a.elements == b.elements && a.value.has_value() == b.value.has_value();
}

class Inference {
 public:
  Inference(Graph& graph, const std::vector<ValueId>& values) : graph_(graph), renewed_(values.begin(), values.end()) {}

  void walk() {
    const auto order = graph_.order();
    for (const NodeId id : order) {
      const Node& node = graph_.node(id);
      Op op = with_symbols(node.op, sizes_);
      const bool reads =
          std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) { return renewed_.contains(input); });
      if (reads || !(op == node.op)) renew(id, std::move(op));
    }
  }
  void renew(NodeId id, Op op) {
    const Node node = graph_.node(id);
    auto facts = graph_.infer(op, node.inputs);
    bool same = op == node.op;
    for (size_t i = 0; i < node.outputs.size() && same; ++i) {
      same = node.outputs[i] == kNoValue || tells_the_same(facts[i], graph_.fact(node.outputs[i]));
    }
    if (same) return;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      Fact old = graph_.fact(node.outputs[i]);
      old.elements.reset();  // they may name sizes as no value does any longer
      facts[i] = meet(std::move(facts[i]), old);
    }
    const auto outputs = graph_.add_inferred(std::move(op), node.inputs, node.origin, std::move(facts));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId old = node.outputs[i];
      if (old == kNoValue) continue;
      const auto &before = graph_.fact(old).shape, &after = graph_.fact(outputs[i]).shape;
      if (before && after) learn_symbols(*before, *after, sizes_);
      graph_.rename_value(outputs[i], graph_.value(old).name);
      graph_.replace_uses(old, outputs[i]);
      renewed_.insert(outputs[i]);
    }
    graph_.remove_node(id);
  }

 private:
  Graph& graph_;
  SymbolDims sizes_;
  std::unordered_set<ValueId> renewed_;
};

bool tells_a_rank(const Graph& graph, const Node& node) {
  const auto open = [&](ValueId id) { return id != kNoValue && !graph.fact(id).shape; };
  if (std::none_of(node.outputs.begin(), node.outputs.end(), open)) return false;
  const auto facts = graph.infer(node.op, node.inputs);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (open(node.outputs[i]) && facts[i].shape) return true;
  }
  return false;
}

}  // namespace

void infer_node_again(Graph& graph, NodeId id) {
  if (!tells_a_rank(graph, graph.node(id))) return;
  Inference inference(graph, {});
  inference.renew(id, graph.node(id).op);
  try {
    inference.walk();
  } catch (const Error&) {
    // As below.
  }
}

void infer_again(Graph& graph, const std::vector<ValueId>& values) {
  try {
    Inference(graph, values).walk();
  } catch (const Error&) {
    // What was inferred so far holds; the operator's evaluation says what is wrong when it runs.
  }
}

}  // namespace ingot::ir
