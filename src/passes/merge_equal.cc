// Common subexpressions: equal operators on equal operands are computed once.
#include <unordered_map>

#include "base/hash.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

constexpr int64_t kComparedBytes = 64 << 10;  // larger constants are equal only when they share their bytes

uint64_t constant_key(const Tensor& tensor) {
  uint64_t key = hash_combine(static_cast<uint64_t>(tensor.dtype()), 0x5bd1e995);
  for (const int64_t size : tensor.shape()) key = hash_combine(key, static_cast<uint64_t>(size));
  if (tensor.dtype() == DType::kString || tensor.byte_size() > kComparedBytes) {
    return hash_combine(key, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(tensor.raw())));
  }
  return hash_combine(key, hash64(tensor.bytes()));
}

bool equal_constants(const Tensor& a, const Tensor& b) {
  if (a.raw() == b.raw()) return a.dtype() == b.dtype() && a.shape() == b.shape();
  return a.dtype() != DType::kString && a.byte_size() <= kComparedBytes && identical(a, b);
}

// Every use of a constant names the first of its kind. No patch: nothing is computed otherwise than before.
void merge_constants(ir::Graph& graph) {
  std::unordered_multimap<uint64_t, ir::ValueId> seen;
  for (ir::ValueId id = 0; id < static_cast<ir::ValueId>(graph.value_count()); ++id) {
    const Tensor* constant = graph.constant(id);
    if (constant == nullptr || graph.producer(id) != nullptr || graph.is_graph_input(id)) continue;
    if (graph.users(id).empty()) continue;
    const uint64_t key = constant_key(*constant);
    const auto [first, last] = seen.equal_range(key);
    const auto found = std::find_if(
        first, last, [&](const auto& entry) { return equal_constants(*graph.constant(entry.second), *constant); });
    if (found == last) {
      seen.emplace(key, id);
    } else {
      graph.replace_uses(id, found->second);
    }
  }
}

uint64_t node_key(const ir::Node& node) {
  uint64_t key = node.op.hash();
  for (const ir::ValueId input : node.inputs) key = hash_combine(key, static_cast<uint64_t>(input) + 1);
  return key;
}

void merge(ir::Graph& graph, PassRun& run) {
  merge_constants(graph);
  std::unordered_multimap<uint64_t, ir::NodeId> seen;
  const auto order = graph.order();
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    // Bodies are graphs of their own: two nodes never run the same one.
    if (node.op.has(kNondeterministic) || node.op.has(kControlFlow)) continue;
    const uint64_t key = node_key(node);
    const auto [first, last] = seen.equal_range(key);
    const auto found = std::find_if(first, last, [&](const auto& entry) {
      const ir::Node& other = graph.node(entry.second);
      return other.inputs == node.inputs && other.op == node.op;
    });
    if (found == last) {
      seen.emplace(key, id);
      continue;
    }
    const ir::NodeId kept = found->second;
    ir::Patch patch(graph);
    for (size_t i = 0; i < node.outputs.size(); ++i) patch.replace(node.outputs[i], graph.node(kept).outputs[i]);
    bool changed = false;
    const ir::Origin origin = node.origin;
    run.apply(graph, "merge", id, std::move(patch), &changed);
    if (changed) graph.merge_node_origin(kept, origin);
  }
}

}  // namespace

Pass merge_equal() {
  return {"merge_equal",
          "No two nodes compute the same from the same operands; equal small constants are one value.",
          "After folding and cancelling, which make operands equal, and before fusion, which hides them in groups.",
          {},
          merge};
}

}  // namespace ingot::passes
