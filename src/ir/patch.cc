#include "ir/patch.h"

#include <algorithm>

namespace ingot::ir {

const Fact& Patch::fact(ValueId id) const {
  return id < first_ ? graph_->fact(id) : values_[static_cast<size_t>(id - first_)].fact;
}

const Tensor* Patch::constant_value(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const Fact& fact = this->fact(id);
  return fact.value ? &*fact.value : nullptr;
}

std::vector<ValueId> Patch::add_node(Op op, std::vector<ValueId> inputs) {
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  std::vector<const Fact*> facts;
  for (const ValueId input : inputs) facts.push_back(input == kNoValue ? nullptr : &fact(input));
  auto inferred = graph_->infer(op, std::move(facts));
  NewNode node{std::move(op), std::move(inputs), {}};
  for (Fact& each : inferred) {
    node.outputs.push_back(first_ + static_cast<ValueId>(values_.size()));
    values_.push_back({std::move(each), false});
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

ValueId Patch::constant(Tensor value) {
  values_.push_back({Fact::of(std::move(value)), true});
  return first_ + static_cast<ValueId>(values_.size()) - 1;
}

const char* refuse(const Graph& graph, const Patch& patch) {
  for (const auto& [from, to] : patch.replacements_) {
    const Fact& old = graph.fact(from);
    const Fact& replacement = patch.fact(to);
    if (const char* reason = compatible(replacement, old)) return reason;
  }
  return nullptr;
}

namespace {

// The number of a symbol that stands for an unknown size ("?7"), -1 for other sizes.
int64_t unknown_number(const Dim& dim) {
  const std::string name = dim.symbol_name();
  if (name.size() < 2 || name[0] != '?' || name.find_first_not_of("0123456789", 1) != std::string::npos) return -1;
  return name.size() > 12 ? -1 : std::stoll(name.substr(1));
}

// `fact` with the old symbols where its own are not known yet to anybody else.
Fact keep_symbols(Fact fact, const Fact& old, int64_t first_symbol) {
  if (!fact.shape || !old.shape || fact.shape->size() != old.shape->size()) return fact;
  for (size_t i = 0; i < fact.shape->size(); ++i) {
    Dim& dim = (*fact.shape)[i];
    if (unknown_number(dim) >= first_symbol && unknown_number((*old.shape)[i]) >= 0) dim = (*old.shape)[i];
  }
  return fact;
}

}  // namespace

std::vector<NodeId> apply(Graph& graph, Patch patch) {
  INGOT_ASSERT(patch.first_ == static_cast<ValueId>(graph.value_count()), "the graph is as the patch saw it");
  // Ids of new values differ from the patch's when constants and nodes were added in turns.
  std::vector<ValueId> ids(patch.values_.size(), kNoValue);
  const auto renamed = [&](ValueId id) { return id < patch.first_ ? id : ids[static_cast<size_t>(id - patch.first_)]; };
  for (size_t i = 0; i < patch.values_.size(); ++i) {
    if (patch.values_[i].is_constant) ids[i] = graph.add_constant(std::move(*patch.values_[i].fact.value));
  }
  std::vector<NodeId> added;
  for (auto& node : patch.nodes_) {
    for (ValueId& input : node.inputs) input = renamed(input);
    std::vector<Fact> facts;
    for (const ValueId output : node.outputs) {
      facts.push_back(std::move(patch.values_[static_cast<size_t>(output - patch.first_)].fact));
    }
    const auto outputs = graph.add_inferred(std::move(node.op), std::move(node.inputs), {}, std::move(facts));
    for (size_t i = 0; i < outputs.size(); ++i) ids[static_cast<size_t>(node.outputs[i] - patch.first_)] = outputs[i];
    added.push_back(static_cast<NodeId>(graph.node_count()) - 1);
  }
  std::vector<NodeId> roots;
  for (const auto& [from, patch_to] : patch.replacements_) {
    const ValueId to = renamed(patch_to);
    const Fact& old = graph.fact(from);
    graph.refine_fact(to, keep_symbols(meet(graph.fact(to), old), old, patch.first_symbol_));
    if (patch_to >= patch.first_) graph.rename_value(to, graph.value(from).name);
    graph.replace_uses(from, to);
    if (graph.value(from).producer >= 0) roots.push_back(graph.value(from).producer);
  }
  Origin origin;
  for (const NodeId id : graph.remove_dead_from(roots)) merge_origin(origin, graph.node(id).origin);
  for (const NodeId id : roots) merge_origin(origin, graph.node(id).origin);
  for (const NodeId id : added) graph.merge_node_origin(id, origin);
  graph.remove_dead_from(added);
  std::erase_if(added, [&](NodeId id) { return graph.node(id).removed; });
  return added;
}

}  // namespace ingot::ir
