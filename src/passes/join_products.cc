// Products of one input become one wide product where its columns can be read in place.
#include <algorithm>

#include "ops/attention.h"
#include "ops/binary.h"
#include "ops/fused.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

constexpr int64_t kAlignment = 8;  // columns: kernels read so many elements at a time
constexpr int kMostSteps = 4;      // reshapes and transposes up to the reader

bool is_pointwise(const Op& op) { return op.is<Unary>() || op.is<Binary>() || op.is<Fused>(); }

// Whether every reader of the value takes columns of a wider tensor.
bool reads_in_place(const ir::Graph& graph, ValueId value, int steps = 0) {
  if (graph.is_output(value) || steps > kMostSteps) return false;
  const auto& users = graph.users(value);
  return !users.empty() && std::all_of(users.begin(), users.end(), [&](NodeId user) {
    const Op& op = graph.node(user).op;
    if (op.is<Reshape>() || op.is<Transpose>()) return reads_in_place(graph, graph.node(user).outputs[0], steps + 1);
    return op.is<Attention>() || (steps == 0 && is_pointwise(op));
  });
}

ValueId bias_of(const ir::Node& node) { return input_or_none(node, 2); }

int64_t columns_of(const ir::Graph& graph, const ir::Node& node) {
  const Tensor& weights = *graph.constant(node.inputs[1]);
  return weights.dim(node.op.as<MatMul>()->trans_b ? 0 : 1);
}

// Null when the product may be one of several, else why not.
const char* refuse_member(const ir::Graph& graph, const ir::Node& node) {
  const auto& op = *node.op.as<MatMul>();
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (weights == nullptr || weights->rank() != 2 || weights->dtype() != DType::kF32)
    return "the weights are not one constant matrix of f32";
  if (op.trans_a || !op.epilogue.empty()) return "a transposed input or an epilogue";
  const Fact& result = graph.fact(node.outputs[0]);
  if (!result.has_rank() || result.dtype() != DType::kF32) return "the result is not f32 of a known rank";
  const int64_t columns = columns_of(graph, node);
  if (columns % kAlignment != 0) return "the columns are no multiple of 8";
  if (const ValueId bias = bias_of(node); bias != ir::kNoValue) {
    const Tensor* constant = graph.constant(bias);
    if (constant == nullptr || constant->rank() != 1 || constant->dim(0) != columns)
      return "the bias is not one constant for each column";
  }
  return reads_in_place(graph, node.outputs[0]) ? nullptr : "a reader does not take columns of a wider tensor";
}

std::vector<NodeId> family_of(const ir::Graph& graph, const ir::Node& first, PassRun& run) {
  const auto& op = *first.op.as<MatMul>();
  std::vector<NodeId> members;
  for (const NodeId id : graph.users(first.inputs[0])) {
    const ir::Node& node = graph.node(id);
    const auto* other = node.op.as<MatMul>();
    if (other == nullptr || node.inputs[0] != first.inputs[0]) continue;
    if (const char* reason = refuse_member(graph, node)) {
      run.refuse(graph, "join", id, reason);
    } else if (other->trans_b == op.trans_b && other->alpha == op.alpha) {
      members.push_back(id);
    }
  }
  return members;
}

// The weights side by side: [k, columns], or below each other where they are transposed: [columns, k].
Tensor joined_weights(const ir::Graph& graph, const std::vector<NodeId>& members, bool transposed, int64_t columns) {
  const Tensor& first = *graph.constant(graph.node(members[0]).inputs[1]);
  const int64_t depth = first.dim(transposed ? 1 : 0);
  Tensor all = Tensor::uninitialized(DType::kF32, transposed ? Shape{columns, depth} : Shape{depth, columns});
  float* to = all.mutable_data<float>();
  int64_t begin = 0;
  for (const NodeId id : members) {
    const auto from = graph.constant(graph.node(id).inputs[1])->span<float>();
    const int64_t own = columns_of(graph, graph.node(id));
    const int64_t lines = transposed ? 1 : depth, line = transposed ? own * depth : own;
    for (int64_t i = 0; i < lines; ++i) {
      const auto part = from.subspan(static_cast<size_t>(i * line), static_cast<size_t>(line));
      std::copy(part.begin(), part.end(), to + (transposed ? begin * depth : i * columns + begin));
    }
    begin += own;
  }
  return all;
}

// The biases one after the other, zeros for products without.
Tensor joined_biases(const ir::Graph& graph, const std::vector<NodeId>& members, int64_t columns) {
  Tensor all = Tensor::uninitialized(DType::kF32, {columns});
  float* to = all.mutable_data<float>();
  for (const NodeId id : members) {
    const ir::Node& node = graph.node(id);
    const int64_t own = columns_of(graph, node);
    if (const ValueId bias = bias_of(node); bias != ir::kNoValue) {
      const auto from = graph.constant(bias)->span<float>();
      std::copy(from.begin(), from.end(), to);
    } else {
      std::fill(to, to + own, 0.0f);
    }
    to += own;
  }
  return all;
}

ir::Patch joined(const ir::Graph& graph, const std::vector<NodeId>& members) {
  const ir::Node& first = graph.node(members[0]);
  const auto& op = *first.op.as<MatMul>();
  int64_t columns = 0;
  bool biased = false;
  for (const NodeId id : members) {
    columns += columns_of(graph, graph.node(id));
    biased = biased || bias_of(graph.node(id)) != ir::kNoValue;
  }
  ir::Patch patch(graph);
  std::vector<ValueId> inputs{first.inputs[0], patch.constant(joined_weights(graph, members, op.trans_b, columns))};
  if (biased) inputs.push_back(patch.constant(joined_biases(graph, members, columns)));
  const ValueId wide = patch.add(op, std::move(inputs));
  const int64_t axis = graph.fact(first.outputs[0]).rank() - 1;
  int64_t begin = 0;
  for (const NodeId id : members) {
    const int64_t end = begin + columns_of(graph, graph.node(id));
    patch.replace(graph.node(id).outputs[0], patch.add(Slice{{Dim(begin)}, {Dim(end)}, {axis}, {1}}, {wide}));
    begin = end;
  }
  return patch;
}

void join_all(ir::Graph& graph, PassRun& run) {
  if (!run.target().join_products) return;
  const auto order = graph.order();
  for (const NodeId id : order) {
    const ir::Node& node = graph.node(id);
    if (node.removed || !node.op.is<MatMul>() || graph.users(node.inputs[0]).size() < 2) continue;
    if (refuse_member(graph, node) != nullptr) continue;
    const auto members = family_of(graph, node, run);
    if (members.size() > 1) run.apply(graph, "join", id, [&] { return joined(graph, members); });
  }
}

}  // namespace

Pass join_products() {
  return {
      "join_products",
      "On targets whose kernels read columns in place, products of one input with constant weights are one product: "
      "query, key and value, gate and up.",
      "After fuse_epilogue, which tells whose readers are left, and before fuse_pointwise.",
      {},
      join_all};
}

}  // namespace ingot::passes
