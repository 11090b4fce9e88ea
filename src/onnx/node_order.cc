#include "onnx/node_order.h"

#include <functional>
#include <numeric>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace ingot::onnx {
namespace {

using Names = std::unordered_set<std::string_view>;

void collect_reads(const Node& node, Names& reads);

// What a subgraph takes from outside: names read and not defined within.
void collect_captures(const Graph& graph, Names& reads) {
  Names defined, inner;
  for (const ValueInfo& input : graph.inputs) defined.insert(input.name);
  for (const TensorProto& initializer : graph.initializers) defined.insert(initializer.name);
  for (const SparseTensorProto& initializer : graph.sparse_initializers) defined.insert(initializer.values.name);
  for (const Node& node : graph.nodes) {
    defined.insert(node.outputs.begin(), node.outputs.end());
    collect_reads(node, inner);
  }
  for (const ValueInfo& output : graph.outputs) inner.insert(output.name);
  for (const std::string_view name : inner) {
    if (!defined.contains(name)) reads.insert(name);
  }
}

void collect_reads(const Node& node, Names& reads) {
  reads.insert(node.inputs.begin(), node.inputs.end());
  for (const Attribute& attribute : node.attributes) {
    for (const auto& graph : attribute.graphs) collect_captures(*graph, reads);
  }
}

using Producers = std::unordered_map<std::string_view, size_t>;

Producers producers_of(const std::vector<Node>& nodes) {
  Producers producers;
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& output : nodes[i].outputs) {
      if (output.empty()) continue;
      const auto [found, added] = producers.emplace(output, i);
      if (!added) {
        fail(Code::kInvalidModel, "node {} defines '{}', which node {} has defined already", node_label(nodes[i], i),
             output, node_label(nodes[found->second], found->second));
      }
    }
  }
  return producers;
}

// Kahn's algorithm; of the nodes that are ready the one that comes first in the file.
std::vector<size_t> sorted(const std::vector<Node>& nodes, const std::vector<std::vector<size_t>>& needs) {
  std::vector<std::vector<size_t>> users(nodes.size());
  std::vector<size_t> missing(nodes.size());
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = needs[i].size();
    for (const size_t producer : needs[i]) users[producer].push_back(i);
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const size_t user : users[next]) {
      if (--missing[user] == 0) ready.push(user);
    }
  }
  if (order.size() == nodes.size()) return order;
  // Walking back from any node left over ends in the cycle.
  size_t at = 0;
  while (missing[at] == 0) ++at;
  std::vector<bool> seen(nodes.size(), false);
  while (!seen[at]) {
    seen[at] = true;
    for (const size_t producer : needs[at]) {
      if (missing[producer] != 0) {
        at = producer;
        break;
      }
    }
  }
  fail(Code::kInvalidModel, "node {} ({}) is part of a cycle", node_label(nodes[at], at), nodes[at].op_type);
}

}  // namespace

std::string node_label(const Node& node, size_t index) {
  return node.name.empty() ? fmt::format("{}_{}", node.op_type, index) : node.name;
}

std::vector<size_t> node_order(const std::vector<Node>& nodes) {
  const Producers producers = producers_of(nodes);
  std::vector<std::vector<size_t>> needs(nodes.size());
  bool in_order = true;
  for (size_t i = 0; i < nodes.size(); ++i) {
    Names reads;
    collect_reads(nodes[i], reads);
    for (const std::string_view name : reads) {
      const auto found = producers.find(name);
      if (found == producers.end()) continue;
      needs[i].push_back(found->second);
      if (found->second >= i) in_order = false;
    }
  }
  if (!in_order) return sorted(nodes, needs);
  std::vector<size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace ingot::onnx
