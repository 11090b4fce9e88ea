// A product that is only cut into columns becomes a product for each cut: nothing is copied afterwards.
#include "ops/matmul.h"
#include "ops/slice.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

// Columns [first, last) of a value of `columns` columns.
struct Cut {
  int64_t first = 0, last = 0;
};

// What a slice takes of the last axis and nothing else; empty when it is another.
std::optional<Cut> cut_of(const ir::Graph& graph, const ir::Node& node, int64_t columns) {
  const auto* slice = node.op.as<Slice>();
  if (slice == nullptr || node.inputs.size() != 1) return std::nullopt;
  const int64_t rank = graph.fact(node.inputs[0]).rank();
  const auto starts = constant_shape(slice->starts), ends = constant_shape(slice->ends);
  if (!starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
  const int64_t axis = slice->axes.empty() ? 0 : slice->axes[0];
  if ((axis < 0 ? axis + rank : axis) != rank - 1 || (!slice->steps.empty() && slice->steps[0] != 1))
    return std::nullopt;
  const auto clamped = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + columns : at, 0, columns); };
  const Cut cut{clamped(starts->at(0)), clamped(ends->at(0))};
  if (cut.last <= cut.first) return std::nullopt;
  return cut;
}

const char* refuse_product(const ir::Graph& graph, const ir::Node& node) {
  const auto& op = *node.op.as<MatMul>();
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (weights == nullptr || weights->rank() != 2 || weights->dtype() != DType::kF32) {
    return "the weights are not one constant matrix of f32";
  }
  const ValueId bias = input_or_none(node, 2);
  const bool plain = bias == ir::kNoValue || (graph.constant(bias) != nullptr && graph.fact(bias).rank() == 1);
  return plain && op.epilogue.empty() ? nullptr : "the bias or epilogue is not one constant for each column";
}

ir::Outcome split(const ir::Graph& graph, NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<MatMul>();
  if (op == nullptr || !run.target().merge_siblings || !graph.fact(node.outputs[0]).has_rank()) return ir::no_match;
  const ValueId y = node.outputs[0];
  const auto columns = graph.fact(y).shape->back().constant();
  const auto& users = graph.users(y);
  if (!columns || users.size() < 2 || graph.is_output(y)) return ir::no_match;
  std::vector<Cut> cuts;
  int64_t total = 0;
  for (const NodeId user : users) {
    const auto cut = cut_of(graph, graph.node(user), *columns);
    if (!cut) return ir::no_match;
    cuts.push_back(*cut);
    total += cut->last - cut->first;
  }
  if (total > *columns) return ir::refused("the cuts overlap: they would be computed twice");
  if (const char* reason = refuse_product(graph, node)) return ir::refused(reason);
  ir::Patch patch(graph);
  const auto part_of = [&](ValueId of, const Cut& cut, int64_t axis) {
    return patch.add(Slice{{Dim(cut.first)}, {Dim(cut.last)}, {axis}, {1}}, {of});
  };
  for (size_t i = 0; i < users.size(); ++i) {
    std::vector<ValueId> inputs{node.inputs[0], part_of(node.inputs[1], cuts[i], op->trans_b ? 0 : 1)};
    if (const ValueId bias = input_or_none(node, 2); bias != ir::kNoValue) {
      const bool one = graph.constant(bias)->dim(0) == 1;
      inputs.push_back(one ? bias : part_of(bias, cuts[i], 0));
    }
    patch.replace(graph.node(users[i]).outputs[0], patch.add(*op, std::move(inputs)));
  }
  return patch;
}

}  // namespace

Pass split_products() {
  return {
      "split_products",
      "No product with constant weights is only cut into columns, as packed queries, keys and values are: each part "
      "is a product of its own.",
      "Before fold_constants, which cuts the weights; merge_siblings then makes one step of the parts, each with a "
      "result of its own.",
      {{"split", split}}};
}

}  // namespace ingot::passes
