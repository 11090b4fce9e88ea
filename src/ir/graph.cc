#include "ir/graph.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "ir/bodies.h"
#include "ops/infer.h"

namespace ingot::ir {
namespace {

std::string node_label(const Op& op, const Origin& origin) {
  std::string label = "node ";
  for (size_t i = 0; i < origin.size(); ++i) label += (i ? "+" : "") + origin[i];
  return label + " (" + op.name() + ")";
}

}  // namespace

void merge_origin(Origin& origin, const Origin& more) {
  for (const auto& name : more) {
    if (std::find(origin.begin(), origin.end(), name) == origin.end()) origin.push_back(name);
  }
}

void Graph::reserve_symbols(const Fact& fact) const {
  std::set<std::string> symbols;
  for (const auto* dims : {&fact.shape, &fact.elements}) {
    if (!dims->has_value()) continue;
    for (const Dim& dim : **dims) dim.collect_symbols(symbols);
  }
  for (const auto& symbol : symbols) {
    if (symbol.size() < 2 || symbol[0] != '?') continue;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(symbol.data() + 1, symbol.data() + symbol.size(), number);
    if (error == std::errc() && end == symbol.data() + symbol.size() && number < INT64_MAX / 2) {
      *next_symbol_ = std::max(*next_symbol_, number + 1);
    }
  }
}

ValueId Graph::add_value(ValueInfo info) {
  values_.push_back(std::move(info));
  users_.emplace_back();
  return static_cast<ValueId>(values_.size() - 1);
}

ValueId Graph::add_input(std::string name, Fact fact) {
  reserve_symbols(fact);
  inputs_.push_back(add_value({std::move(fact), std::move(name), -1, 0}));
  return inputs_.back();
}

ValueId Graph::add_constant(Tensor value, std::string name) {
  if (name.empty()) name = "c" + std::to_string(values_.size());
  return add_value({Fact::of(std::move(value)), std::move(name), -1, 0});
}

Graph Graph::new_body() const {
  Graph body;
  body.next_symbol_ = next_symbol_;
  return body;
}

size_t Graph::add_body(Graph body) {
  if (body.next_symbol_ != next_symbol_) {
    *next_symbol_ = std::max(*next_symbol_, *body.next_symbol_);
    body.share_symbols(next_symbol_);
  }
  bodies_.push_back(std::make_unique<Graph>(std::move(body)));
  return bodies_.size() - 1;
}

void Graph::share_symbols(const std::shared_ptr<int64_t>& counter) {
  next_symbol_ = counter;
  for (const auto& body : bodies_) body->share_symbols(counter);
}

std::vector<Fact> Graph::infer(const Op& op, std::span<const ValueId> inputs) const {
  std::vector<const Fact*> facts;
  for (const ValueId id : inputs) {
    INGOT_ASSERT(id == kNoValue || (id >= 0 && id < static_cast<ValueId>(values_.size())), "operands exist");
    facts.push_back(id == kNoValue ? nullptr : &fact(id));
  }
  return infer(op, std::move(facts));
}

std::vector<Fact> Graph::infer(const Op& op, std::vector<const Fact*> facts) const {
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
  auto facts =
      with_frame([&] { return node_label(op, origin); }, [&] { return infer(op, std::span<const ValueId>(inputs)); });
  return add_inferred(std::move(op), std::move(inputs), std::move(origin), std::move(facts));
}

std::vector<ValueId> Graph::add_inferred(Op op, std::vector<ValueId> inputs, Origin origin, std::vector<Fact> facts) {
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  const auto node_id = static_cast<NodeId>(nodes_.size());
  for (const ValueId input : inputs) {
    if (input != kNoValue) add_user(input, node_id);
  }
  Node node{std::move(op), std::move(inputs), {}, std::move(origin), false};
  for (size_t i = 0; i < facts.size(); ++i) {
    node.outputs.push_back(
        add_value({std::move(facts[i]), "v" + std::to_string(values_.size()), node_id, static_cast<int32_t>(i)}));
  }
  nodes_.push_back(std::move(node));
  order_valid_ = false;
  return nodes_.back().outputs;
}

ValueId Graph::add(Op op, std::vector<ValueId> inputs, Origin origin) {
  return add_node(std::move(op), std::move(inputs), std::move(origin)).at(0);
}

void Graph::add_user(ValueId value, NodeId node) {
  auto& users = users_[static_cast<size_t>(value)];
  if (users.empty() || users.back() != node) {
    if (std::find(users.begin(), users.end(), node) == users.end()) users.push_back(node);
  }
}

void Graph::set_outputs(std::vector<ValueId> outputs, std::vector<std::string> names) {
  INGOT_ASSERT(outputs.size() == names.size(), "one name per output");
  outputs_ = std::move(outputs);
  output_names_ = std::move(names);
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

const std::vector<NodeId>& Graph::users(ValueId id) const { return users_[static_cast<size_t>(id)]; }

NodeId Graph::sole_user(ValueId id) const {
  const auto& users = this->users(id);
  if (users.size() != 1 || is_output(id)) return -1;
  return users[0];
}

void Graph::refresh() const {
  order_.clear();
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
  order_valid_ = true;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  for (const NodeId id : std::exchange(users_[static_cast<size_t>(from)], {})) {
    auto& inputs = nodes_[static_cast<size_t>(id)].inputs;
    std::replace(inputs.begin(), inputs.end(), from, to);
    add_user(to, id);
  }
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  order_valid_ = false;
}

void Graph::remove_node(NodeId id) {
  Node& node = nodes_[static_cast<size_t>(id)];
  if (std::exchange(node.removed, true)) return;
  for (const ValueId input : node.inputs) {
    if (input != kNoValue) std::erase(users_[static_cast<size_t>(input)], id);
  }
  order_valid_ = false;
}

void Graph::refine_fact(ValueId id, Fact fact) {
  reserve_symbols(fact);
  values_[static_cast<size_t>(id)].fact = std::move(fact);
}

std::vector<NodeId> Graph::remove_dead_from(std::vector<NodeId> roots) {
  std::vector<NodeId> removed;
  while (!roots.empty()) {
    const NodeId id = roots.back();
    roots.pop_back();
    const Node& node = nodes_[static_cast<size_t>(id)];
    const bool needed = node.removed || std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
                          return !users(output).empty() || is_output(output);
                        });
    if (needed) continue;
    remove_node(id);
    removed.push_back(id);
    for (const ValueId input : node.inputs) {
      if (input != kNoValue && value(input).producer >= 0) roots.push_back(value(input).producer);
    }
  }
  return removed;
}

size_t Graph::remove_dead() {
  auto roots = order();
  return remove_dead_from(std::move(roots)).size();
}

void Graph::compact() {
  remove_dead();
  compact_bodies();
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
  for (const NodeId id : order()) {
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
  users_.assign(values_.size(), {});
  for (size_t id = 0; id < nodes_.size(); ++id) {
    for (const ValueId input : nodes_[id].inputs) {
      if (input != kNoValue) add_user(input, static_cast<NodeId>(id));
    }
  }
  order_valid_ = false;
}

void Graph::compact_bodies() {
  std::vector<int64_t> renamed(bodies_.size(), -1);
  std::vector<std::unique_ptr<Graph>> bodies;
  for (Node& node : nodes_) {
    if (node.removed || !node.op.has(kControlFlow)) continue;
    node.op = with_body_indices(node.op, [&](int64_t index) {
      auto& slot = renamed.at(static_cast<size_t>(index));
      if (slot < 0) {
        slot = static_cast<int64_t>(bodies.size());
        bodies.push_back(std::move(bodies_[static_cast<size_t>(index)]));
        bodies.back()->compact();
      }
      return slot;
    });
  }
  bodies_ = std::move(bodies);
}

Graph Graph::clone() const {
  Graph copy;
  copy.name = name;
  copy.values_ = values_;
  copy.nodes_ = nodes_;
  copy.inputs_ = inputs_;
  copy.outputs_ = outputs_;
  copy.output_names_ = output_names_;
  copy.users_ = users_;
  copy.next_symbol_ = std::make_shared<int64_t>(*next_symbol_);
  for (const auto& body : bodies_) copy.add_body(body->clone());
  return copy;
}

Dim Graph::fresh_dim() const { return Dim::symbol("?" + std::to_string((*next_symbol_)++)); }

}  // namespace ingot::ir
