// A product that is only cut into columns becomes a product for each cut: nothing is copied afterwards.
#include <algorithm>

#include "ops/cast.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"
#include "passes/reshape_groups.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

// Elements [first, last) along an axis; `picked`: of an index, so that the axis vanishes.
struct Cut {
  int64_t axis = 0, first = 0, last = 0;
  bool picked = false;
};

// A slice of one axis in steps of 1.
std::optional<Cut> slice_of(const Slice& slice, const DimShape& shape) {
  const auto starts = constant_shape(slice.starts), ends = constant_shape(slice.ends);
  if (!starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
  if (!slice.steps.empty() && slice.steps[0] != 1) return std::nullopt;
  const int64_t axis = normalize_axis(slice.axes.empty() ? 0 : slice.axes[0], static_cast<int64_t>(shape.size()));
  const auto size = shape[static_cast<size_t>(axis)].constant();
  if (!size) return std::nullopt;
  const auto clamped = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + *size : at, 0, *size); };
  const Cut cut{axis, clamped(starts->at(0)), clamped(ends->at(0))};
  return cut.last > cut.first ? std::optional(cut) : std::nullopt;
}

// A gather of one known index.
std::optional<Cut> pick_of(const Gather& gather, const Tensor* index, const DimShape& shape) {
  if (index == nullptr || index->rank() != 0) return std::nullopt;
  const int64_t axis = normalize_axis(gather.axis, static_cast<int64_t>(shape.size())), given = read_int(*index, 0);
  const auto size = shape[static_cast<size_t>(axis)].constant();
  if (!size) return std::nullopt;
  const int64_t at = given < 0 ? given + *size : given;
  return at >= 0 && at < *size ? std::optional(Cut{axis, at, at + 1, true}) : std::nullopt;
}

// What a node takes of its first operand; empty when it is no cut.
std::optional<Cut> cut_of(const ir::Graph& graph, const ir::Node& node) {
  if (node.inputs.empty() || !graph.fact(node.inputs[0]).shape) return std::nullopt;
  const DimShape& shape = *graph.fact(node.inputs[0]).shape;
  if (shape.empty()) return std::nullopt;
  if (const auto* slice = node.op.as<Slice>()) return node.inputs.size() == 1 ? slice_of(*slice, shape) : std::nullopt;
  const auto* gather = node.op.as<Gather>();
  return gather != nullptr ? pick_of(*gather, graph.constant(node.inputs[1]), shape) : std::nullopt;
}

// The cuts that all users of a value are, along one axis; `why` says when they overlap.
std::optional<std::vector<Cut>> cuts_of(const ir::Graph& graph, ValueId id, const char*& why) {
  std::vector<Cut> cuts;
  int64_t total = 0;
  if (graph.is_output(id)) return std::nullopt;
  for (const NodeId user : graph.users(id)) {
    const auto cut = graph.node(user).inputs[0] == id ? cut_of(graph, graph.node(user)) : std::nullopt;
    if (!cut || (!cuts.empty() && cut->axis != cuts[0].axis)) return std::nullopt;
    cuts.push_back(*cut);
    total += cut->last - cut->first;
  }
  if (cuts.size() < 2) return std::nullopt;
  if (total <= (*graph.fact(id).shape)[static_cast<size_t>(cuts[0].axis)].constant()) return cuts;
  why = "the cuts overlap: they would be computed twice";
  return std::nullopt;
}

ValueId part_of(ir::Patch& patch, ValueId of, int64_t axis, int64_t first, int64_t last) {
  return patch.add(Slice{{Dim(first)}, {Dim(last)}, {axis}, {1}}, {of});
}

const char* refuse_product(const ir::Graph& graph, const ir::Node& node) {
  const auto& op = *node.op.as<MatMul>();
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (weights == nullptr || weights->rank() != 2 || !is_float(weights->dtype())) {
    return "the weights are not one constant matrix of floats";
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
  const char* why = nullptr;
  const auto cuts = cuts_of(graph, y, why);
  if (!cuts) return why != nullptr ? ir::refused(why) : ir::no_match;
  const bool picked = std::any_of(cuts->begin(), cuts->end(), [](const Cut& cut) { return cut.picked; });
  if (cuts->front().axis + 1 != graph.fact(y).rank() || picked) return ir::no_match;
  if (const char* reason = refuse_product(graph, node)) return ir::refused(reason);
  ir::Patch patch(graph);
  const auto& users = graph.users(y);
  for (size_t i = 0; i < users.size(); ++i) {
    const int64_t first = cuts->at(i).first, last = cuts->at(i).last;
    std::vector<ValueId> inputs{node.inputs[0], part_of(patch, node.inputs[1], op->trans_b ? 0 : 1, first, last)};
    if (const ValueId bias = input_or_none(node, 2); bias != ir::kNoValue) {
      const bool one = graph.constant(bias)->dim(0) == 1;
      inputs.push_back(one ? bias : part_of(patch, bias, 0, first, last));
    }
    patch.replace(graph.node(users[i]).outputs[0], patch.add(*op, std::move(inputs)));
  }
  return patch;
}

// What moves or converts elements and leaves each by itself.
bool is_move(const ir::Node& node) {
  return node.inputs.size() == 1 && (node.op.is<Transpose>() || node.op.is<Reshape>() || node.op.is<Cast>());
}

// Whether only moves lie between a value and a product with constant weights.
bool comes_from_product(const ir::Graph& graph, ValueId id) {
  for (const ir::Node* node = graph.producer(id); node != nullptr; node = graph.producer(node->inputs[0])) {
    if (node->op.is<MatMul>()) return graph.constant(node->inputs[1]) != nullptr;
    if (!is_move(*node)) return false;
  }
  return false;
}

// The cut before the move that gives its operand, and the move again; kNoValue where an axis of the result
// is no range of the operand's.
ValueId lifted(const ir::Graph& graph, ir::Patch& patch, const ir::Node& move, const Cut& cut) {
  if (const auto permutation = permutation_of(graph, move)) {
    const ValueId part =
        part_of(patch, move.inputs[0], permutation->at(static_cast<size_t>(cut.axis)), cut.first, cut.last);
    return patch.add(Transpose{*permutation}, {part});
  }
  if (move.op.is<Cast>()) return patch.add(move.op, {part_of(patch, move.inputs[0], cut.axis, cut.first, cut.last)});
  const DimShape &from = *graph.fact(move.inputs[0]).shape, &to = *graph.fact(move.outputs[0]).shape;
  const auto axis = static_cast<size_t>(cut.axis);
  for (const AxisGroup& group : reshape_groups(from, to).value_or(std::vector<AxisGroup>{})) {
    if (axis < group.to || axis >= group.to + group.to_count) continue;
    const auto is_one = [](const Dim& dim) { return dim.is(1); };
    const auto first = to.begin() + static_cast<int64_t>(group.to);
    if (group.from_count != 1 || !std::all_of(first, to.begin() + cut.axis, is_one)) return ir::kNoValue;
    Dim inner(1);
    for (size_t i = axis + 1; i < group.to + group.to_count; ++i) inner = inner * to[i];
    if (!inner.constant()) return ir::kNoValue;
    Reshape reshape = *move.op.as<Reshape>();
    reshape.shape[axis] = Dim(cut.last - cut.first);
    const ValueId part = part_of(patch, move.inputs[0], static_cast<int64_t>(group.from), cut.first * *inner.constant(),
                                 cut.last * *inner.constant());
    return patch.add(reshape, {part});
  }
  return ir::kNoValue;
}

// Cuts of a product that was moved go through the move towards the product.
ir::Outcome lift(const ir::Graph& graph, NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  if (!is_move(node) || !run.target().merge_siblings || !comes_from_product(graph, node.inputs[0])) return ir::no_match;
  const ValueId y = node.outputs[0];
  const char* why = nullptr;
  if (!graph.fact(y).shape || !graph.fact(node.inputs[0]).shape) return ir::no_match;
  const auto cuts = cuts_of(graph, y, why);
  if (!cuts) return why != nullptr ? ir::refused(why) : ir::no_match;
  ir::Patch patch(graph);
  const auto& users = graph.users(y);
  for (size_t i = 0; i < users.size(); ++i) {
    ValueId result = lifted(graph, patch, node, cuts->at(i));
    if (result == ir::kNoValue) return ir::refused("the cuts are no ranges of columns");
    if (cuts->at(i).picked) {
      DimShape shape = *patch.fact(result).shape;
      shape.erase(shape.begin() + cuts->at(i).axis);
      result = patch.add(Reshape{std::move(shape), true}, {result});
    }
    patch.replace(graph.node(users[i]).outputs[0], result);
  }
  return patch;
}

}  // namespace

Pass split_products() {
  return {
      "split_products",
      "No product with constant weights is only cut into columns, as packed queries, keys and values are, at once or "
      "behind reshapes and transposes: each part is a product of its own.",
      "Before fold_constants, which cuts the weights; merge_siblings then makes one step of the parts, each with a "
      "result of its own.",
      {{"split", split}, {"lift", lift}}};
}

}  // namespace ingot::passes
