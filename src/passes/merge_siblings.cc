// Products and convolutions of one input become one step (what others call horizontal fusion).
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/siblings.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

constexpr size_t kMaxMembers = 8;
constexpr size_t kFirstOperand = 3;  // after data, weights and bias

bool is_f32(const ir::Graph& graph, ValueId id) { return id == ir::kNoValue || graph.fact(id).dtype() == DType::kF32; }

// What spreads along whole rows or not at all: other operands want a product of their own per image.
bool plain_operand(const ir::Graph& graph, ValueId id, const Fact& result) {
  return graph.constant(id) != nullptr ? graph.fact(id).rank() <= 1 : same_shape(graph.fact(id), result);
}

// Null when the node may be a member, else why not; kNotOne when it is none of these operators at all.
const char* const kNotOne = "";
const char* refuse_member(const ir::Graph& graph, const ir::Node& node) {
  const auto* matmul = node.op.as<MatMul>();
  const auto* conv = node.op.as<Conv>();
  if (matmul == nullptr && conv == nullptr) return kNotOne;
  const Fact& weights = graph.fact(node.inputs[1]);
  const Fact& result = graph.fact(node.outputs[0]);
  if (graph.constant(node.inputs[1]) == nullptr || !result.has_rank()) return "weights that are not constant";
  if (!is_f32(graph, node.outputs[0]) ||
      !std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return is_f32(graph, id); })) {
    return "elements other than f32";
  }
  if (matmul != nullptr && (matmul->trans_a || weights.rank() != 2)) return "a batch of weights or a transposed input";
  if (conv != nullptr) {
    const DimShape& shape = *weights.shape;
    const bool one = std::all_of(shape.begin() + 2, shape.end(), [](const Dim& dim) { return dim == Dim(1); });
    // Larger windows have faster forms than the one product that siblings share.
    if (!one || conv->group != 1 || !conv->channels_last) return "a convolution that is not 1x1 in one group";
  }
  for (size_t i = kFirstOperand; i < node.inputs.size(); ++i) {
    if (!plain_operand(graph, node.inputs[i], result)) return "an epilogue with an operand that is broadcast";
  }
  return nullptr;
}

bool same_rows(const ir::Node& a, const ir::Node& b) {
  const auto *x = a.op.as<Conv>(), *y = b.op.as<Conv>();
  if (x == nullptr || y == nullptr) return a.op.is<MatMul>() && b.op.is<MatMul>();
  return x->strides == y->strides && x->dilations == y->dilations && x->pads == y->pads && x->auto_pad == y->auto_pad;
}

// Whether `node` needs a result of `other`.
bool depends(const ir::Graph& graph, NodeId node, NodeId other) {
  std::unordered_set<NodeId> seen{node};
  std::vector<NodeId> stack{node};
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    for (const ValueId input : graph.node(id).inputs) {
      const NodeId producer = input == ir::kNoValue ? -1 : graph.value(input).producer;
      if (producer == other) return true;
      if (producer >= 0 && seen.insert(producer).second) stack.push_back(producer);
    }
  }
  return false;
}

// The first reader of `x` that may be a member, and those that can join it.
std::vector<NodeId> family_of(const ir::Graph& graph, ValueId x, NodeId first, PassRun& run) {
  std::vector<NodeId> members;
  for (const NodeId id : graph.users(x)) {
    const ir::Node& node = graph.node(id);
    if (node.inputs[0] != x || members.size() == kMaxMembers) continue;
    const char* reason = refuse_member(graph, node);
    if (reason == kNotOne || (id != first && !same_rows(node, graph.node(first)))) continue;
    const auto tied = [&](NodeId member) { return depends(graph, id, member) || depends(graph, member, id); };
    if (reason == nullptr && std::any_of(members.begin(), members.end(), tied)) {
      reason = "one sibling needs the result of another";
    }
    if (reason == nullptr) {
      members.push_back(id);
    } else if (graph.users(x).size() > 1) {
      run.refuse(graph, "merge", id, reason);
    }
  }
  return members;
}

ir::Patch merged(const ir::Graph& graph, const std::vector<NodeId>& members) {
  Siblings op;
  std::vector<ValueId> inputs{graph.node(members[0]).inputs[0]};
  for (const NodeId id : members) {
    const ir::Node& node = graph.node(id);
    TileInstruction member{node.op, {0}};
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      member.operands.push_back(static_cast<int64_t>(inputs.size()));
      inputs.push_back(node.inputs[i]);
    }
    op.members.push_back(std::move(member));
  }
  ir::Patch patch(graph);
  const auto results = patch.add_node(std::move(op), std::move(inputs));
  for (size_t i = 0; i < members.size(); ++i) patch.replace(graph.node(members[i]).outputs[0], results[i]);
  return patch;
}

void merge_all(ir::Graph& graph, PassRun& run) {
  if (!run.target().merge_siblings) return;
  const auto order = graph.order();
  for (const NodeId id : order) {
    const ir::Node& node = graph.node(id);
    if (node.removed || refuse_member(graph, node) != nullptr) continue;
    const auto members = family_of(graph, node.inputs[0], id, run);
    if (members.size() > 1) run.apply(graph, "merge", id, [&] { return merged(graph, members); });
  }
}

}  // namespace

Pass merge_siblings() {
  return {
      "merge_siblings",
      "Products, and 1x1 convolutions, of one input with weights of their own run as one step: query, key and value, "
      "gate and up, the branches of a block.",
      "After fuse_epilogue: every sibling keeps the bias and epilogue that it got there.",
      {},
      merge_all};
}

}  // namespace ingot::passes
