#include "ir/graph.h"

#include <algorithm>

#include "ops/infer.h"

namespace ingot::ir {
namespace {

std::string node_label(const Op& op, const Origin& origin) {
  std::string label = "node ";
  for (size_t i = 0; i < origin.size(); ++i) label += (i ? "+" : "") + origin[i];
  return label + " (" + op.name() + ")";
}

}  // namespace

ValueId Graph::add_input(std::string name, Fact fact) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({std::move(fact), std::move(name), -1, 0});
  inputs_.push_back(id);
  invalidate();
  return id;
}

ValueId Graph::add_constant(Tensor value, std::string name) {
  const auto id = static_cast<ValueId>(values_.size());
  if (name.empty()) name = "c" + std::to_string(id);
  values_.push_back({Fact::of(std::move(value)), std::move(name), -1, 0});
  invalidate();
  return id;
}

Graph Graph::new_body() const {
  Graph body;
  body.next_symbol_ = next_symbol_;
  return body;
}

void Graph::share_symbols(const std::shared_ptr<int64_t>& next_symbol) {
  next_symbol_ = next_symbol;
  for (auto& body : bodies_) body->share_symbols(next_symbol);
}

size_t Graph::add_body(Graph body) {
  if (body.next_symbol_ != next_symbol_) {
    *next_symbol_ = std::max(*next_symbol_, *body.next_symbol_);
    body.share_symbols(next_symbol_);
  }
  bodies_.push_back(std::make_unique<Graph>(std::move(body)));
  return bodies_.size() - 1;
}

std::vector<Fact> Graph::infer(const Op& op, std::span<const ValueId> inputs) {
  std::vector<const Fact*> facts;
  for (const ValueId id : inputs) facts.push_back(id == kNoValue ? nullptr : &fact(id));
  while (!facts.empty() && facts.back() == nullptr) facts.pop_back();
  const OpDef& def = op.def();
  const auto count = static_cast<int>(facts.size());
  if (count < def.min_inputs || (def.max_inputs >= 0 && count > def.max_inputs)) {
    fail(Code::kInvalidModel, "{} takes {} to {} inputs, got {}", def.name, def.min_inputs, def.max_inputs, count);
  }
  for (int i = 0; i < def.min_inputs; ++i) {
    if (facts[static_cast<size_t>(i)] == nullptr) fail(Code::kInvalidModel, "{} needs its input {}", def.name, i);
  }
  std::vector<std::vector<Fact>> body_outputs;
  if (op.has(kControlFlow)) {
    for (const auto& body : bodies_) {
      body_outputs.emplace_back();
      for (const ValueId output : body->outputs()) body_outputs.back().push_back(body->fact(output));
    }
  }
  InferContext context(
      facts, [this] { return fresh_dim(); }, body_outputs);
  def.infer(op.fields(), context);
  if (def.outputs >= 0)
    INGOT_ASSERT(static_cast<int>(context.outputs().size()) <= def.outputs, "infer sets the declared outputs");
  return std::move(context.outputs());
}

std::vector<ValueId> Graph::add_node(Op op, std::vector<ValueId> inputs, Origin origin) {
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  auto facts = with_frame([&] { return node_label(op, origin); }, [&] { return infer(op, inputs); });
  const auto node_id = static_cast<NodeId>(nodes_.size());
  Node node{std::move(op), std::move(inputs), {}, std::move(origin), false};
  for (size_t i = 0; i < facts.size(); ++i) {
    const auto id = static_cast<ValueId>(values_.size());
    node.outputs.push_back(id);
    values_.push_back({std::move(facts[i]), "v" + std::to_string(id), node_id, static_cast<int32_t>(i)});
  }
  nodes_.push_back(std::move(node));
  invalidate();
  return nodes_.back().outputs;
}

ValueId Graph::add(Op op, std::vector<ValueId> inputs, Origin origin) {
  return add_node(std::move(op), std::move(inputs), std::move(origin)).at(0);
}

void Graph::set_outputs(std::vector<ValueId> outputs, std::vector<std::string> names) {
  INGOT_ASSERT(outputs.size() == names.size(), "one name per output");
  outputs_ = std::move(outputs);
  output_names_ = std::move(names);
  invalidate();
}

const Tensor* Graph::constant(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const auto& fact = value(id).fact;
  return fact.value ? &*fact.value : nullptr;
}

bool Graph::is_graph_input(ValueId id) const { return std::find(inputs_.begin(), inputs_.end(), id) != inputs_.end(); }

const Node* Graph::producer(ValueId id) const {
  if (id == kNoValue || value(id).producer < 0) return nullptr;
  return &node(value(id).producer);
}

size_t Graph::live_node_count() const { return order().size(); }

bool Graph::is_output(ValueId id) const { return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end(); }

const std::vector<NodeId>& Graph::order() const {
  if (!order_valid_) refresh();
  return order_;
}

const std::vector<NodeId>& Graph::users(ValueId id) const {
  if (!order_valid_) refresh();
  return users_[static_cast<size_t>(id)];
}

void Graph::refresh() const {
  order_.clear();
  users_.assign(values_.size(), {});
  std::vector<uint8_t> state(nodes_.size(), 0);  // 0 new, 1 on the stack, 2 done
  std::vector<std::pair<NodeId, size_t>> stack;
  for (size_t root = 0; root < nodes_.size(); ++root) {
    if (nodes_[root].removed || state[root] != 0) continue;
    stack.emplace_back(static_cast<NodeId>(root), 0);
    state[root] = 1;
    while (!stack.empty()) {
      auto& [id, next] = stack.back();
      const Node& node = nodes_[static_cast<size_t>(id)];
      if (next == node.inputs.size()) {
        state[static_cast<size_t>(id)] = 2;
        order_.push_back(id);
        stack.pop_back();
        continue;
      }
      const ValueId input = node.inputs[next++];
      const NodeId producer = input == kNoValue ? -1 : value(input).producer;
      if (producer < 0 || state[static_cast<size_t>(producer)] == 2) continue;
      INGOT_ASSERT(state[static_cast<size_t>(producer)] == 0, "the graph has no cycle");
      INGOT_ASSERT(!nodes_[static_cast<size_t>(producer)].removed, "no live node reads a removed one");
      state[static_cast<size_t>(producer)] = 1;
      stack.emplace_back(producer, 0);
    }
  }
  for (const NodeId id : order_) {
    for (const ValueId input : nodes_[static_cast<size_t>(id)].inputs) {
      if (input == kNoValue) continue;
      auto& users = users_[static_cast<size_t>(input)];
      if (users.empty() || users.back() != id) users.push_back(id);
    }
  }
  order_valid_ = true;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& node : nodes_) {
    if (!node.removed) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  }
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  invalidate();
}

void Graph::remove_node(NodeId id) {
  nodes_[static_cast<size_t>(id)].removed = true;
  invalidate();
}

void Graph::refine_fact(ValueId id, Fact fact) { values_[static_cast<size_t>(id)].fact = std::move(fact); }

size_t Graph::remove_dead() {
  std::vector<uint8_t> live(values_.size(), 0);
  for (const ValueId output : outputs_) live[static_cast<size_t>(output)] = 1;
  size_t removed = 0;
  const auto order = this->order();
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    Node& node = nodes_[static_cast<size_t>(*it)];
    const bool needed = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId output) { return live[static_cast<size_t>(output)] != 0; });
    if (!needed) {
      node.removed = true;
      ++removed;
      continue;
    }
    for (const ValueId input : node.inputs) {
      if (input != kNoValue) live[static_cast<size_t>(input)] = 1;
    }
  }
  if (removed > 0) invalidate();
  return removed;
}

void Graph::compact() {
  remove_dead();
  std::vector<ValueId> renamed(values_.size(), kNoValue);
  std::vector<ValueInfo> values;
  std::vector<Node> nodes;
  const auto keep = [&](ValueId id) {
    if (id == kNoValue) return kNoValue;
    auto& slot = renamed[static_cast<size_t>(id)];
    if (slot == kNoValue) {
      slot = static_cast<ValueId>(values.size());
      values.push_back(std::move(values_[static_cast<size_t>(id)]));
    }
    return slot;
  };
  for (ValueId& input : inputs_) input = keep(input);
  const auto order = this->order();
  for (const NodeId id : order) {
    Node node = std::move(nodes_[static_cast<size_t>(id)]);
    for (ValueId& input : node.inputs) input = keep(input);
    for (ValueId& output : node.outputs) {
      output = keep(output);
      values[static_cast<size_t>(output)].producer = static_cast<NodeId>(nodes.size());
    }
    nodes.push_back(std::move(node));
  }
  for (ValueId& output : outputs_) output = keep(output);
  values_ = std::move(values);
  nodes_ = std::move(nodes);
  invalidate();
}

Graph Graph::clone() const {
  Graph copy;
  copy.name = name;
  copy.values_ = values_;
  copy.nodes_ = nodes_;
  copy.inputs_ = inputs_;
  copy.outputs_ = outputs_;
  copy.output_names_ = output_names_;
  copy.next_symbol_ = std::make_shared<int64_t>(*next_symbol_);
  for (const auto& body : bodies_) copy.add_body(body->clone());
  return copy;
}

Dim Graph::fresh_dim() { return Dim::symbol("?" + std::to_string((*next_symbol_)++)); }

}  // namespace ingot::ir
