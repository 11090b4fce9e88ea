// Operators that only move data, and undo each other or move nothing.
#include "ops/attention.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_nd.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "ops/where.h"
#include "passes/narrow.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

ir::Outcome replace_by(const ir::Graph& graph, const ir::Node& node, ir::ValueId value) {
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], value);
  return patch;
}

ir::Outcome transpose(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto outer = permutation_of(graph, node);
  if (!outer) return ir::no_match;
  if (is_identity(*outer)) return replace_by(graph, node, node.inputs[0]);
  if (const auto inner = transposed_by(graph, node.inputs[0])) {
    ir::Patch patch(graph);
    const ir::ValueId x = graph.producer(node.inputs[0])->inputs[0];
    patch.replace(node.outputs[0], patch.add(Transpose{then(*inner, *outer)}, {x}));
    return patch;
  }
  const Fact& x = graph.fact(node.inputs[0]);
  if (!x.shape || !keeps_order(*outer, *x.shape)) return ir::no_match;
  const Fact& result = graph.fact(node.outputs[0]);
  if (!all_bound(*result.shape, bound_symbols(graph, node, 1))) return ir::refused("a size is known only when it runs");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Reshape{*result.shape, true}, {node.inputs[0]}));
  return patch;
}

ir::Outcome reshape(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* outer = node.op.as<Reshape>();
  if (outer == nullptr) return ir::no_match;
  if (same_shape(graph.fact(node.inputs[0]), graph.fact(node.outputs[0]))) {
    return replace_by(graph, node, node.inputs[0]);
  }
  const auto inner = producer_as<Reshape>(graph, node.inputs[0]);
  if (!inner) return ir::no_match;
  if (node.inputs.size() != 1) return ir::refused("the outer shape is known only when it runs");
  // The inner one may be what gives the outer's sizes their values.
  if (!all_bound(*graph.fact(node.outputs[0]).shape, bound_symbols(graph, *inner.node, 1))) {
    return ir::refused("a size is known only when it runs");
  }
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(node.op, {inner.input(0)}));
  return patch;
}

ir::Outcome slice(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Slice>();
  if (op == nullptr || node.inputs.size() != 1) return ir::no_match;
  if (!same_shape(graph.fact(node.inputs[0]), graph.fact(node.outputs[0]))) return ir::no_match;
  if (!std::all_of(op->steps.begin(), op->steps.end(), [](int64_t step) { return step == 1; })) {
    return ir::refused("it reverses an axis");
  }
  return replace_by(graph, node, node.inputs[0]);
}

ir::Outcome expand(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Expand>()) return ir::no_match;
  if (!same_shape(graph.fact(node.inputs[0]), graph.fact(node.outputs[0]))) return ir::no_match;
  return replace_by(graph, node, node.inputs[0]);
}

// Whether both masks say the same number of keys.
bool same_keys(const Fact& narrow, const Fact& wide) {
  return narrow.shape && wide.shape && !narrow.shape->empty() && !wide.shape->empty() &&
         narrow.shape->back() == wide.shape->back();
}

// Pointwise operators and masks of attention broadcast by themselves.
ir::Outcome broadcast(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  constexpr size_t kMask = 3;
  const ir::Node& node = graph.node(id);
  const bool attends = node.op.is<Attention>();
  if (!node.op.is<Binary>() && !node.op.is<Where>() && !attends) return ir::no_match;
  for (size_t i = attends ? kMask : 0; i < node.inputs.size() && !(attends && i > kMask); ++i) {
    if (node.inputs[i] == ir::kNoValue) continue;
    ir::Patch patch(graph);
    auto inputs = node.inputs;
    inputs[i] = narrowed(graph, patch, node.inputs[i]);
    if (inputs[i] == node.inputs[i]) continue;
    if (attends && !same_keys(patch.fact(inputs[i]), graph.fact(node.inputs[i]))) {
      return ir::refused("attention would take the narrower mask for one of fewer keys");
    }
    const auto results = patch.add_node(node.op, std::move(inputs));
    if (!same_shape(patch.fact(results[0]), graph.fact(node.outputs[0]))) continue;
    for (size_t k = 0; k < results.size(); ++k) patch.replace(node.outputs[k], results[k]);
    return patch;
  }
  return ir::no_match;
}

ir::Outcome concat(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Concat>();
  if (op == nullptr || !graph.fact(node.outputs[0]).shape) return ir::no_match;
  const int64_t axis = normalize_axis(op->axis, graph.fact(node.outputs[0]).rank());
  std::vector<ir::ValueId> parts;
  for (const ir::ValueId input : node.inputs) {
    const Fact& fact = graph.fact(input);
    if (fact.shape && (*fact.shape)[static_cast<size_t>(axis)].is(0)) continue;
    const auto inner = producer_as<Concat>(graph, input);
    const bool same_axis = inner && fact.shape && normalize_axis(inner.op->axis, fact.rank()) == axis;
    if (same_axis && graph.sole_user(input) == id) {
      parts.insert(parts.end(), inner.node->inputs.begin(), inner.node->inputs.end());
    } else {
      parts.push_back(input);
    }
  }
  if (parts == node.inputs && parts.size() > 1) return ir::no_match;
  if (parts.size() == 1) return replace_by(graph, node, parts[0]);
  if (parts.empty()) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(node.op, std::move(parts)));
  return patch;
}

// Slices named by one index each.
ir::Outcome gather_nd(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* gather = node.op.as<GatherNd>();
  if (gather == nullptr) return ir::no_match;
  const Fact& indices = graph.fact(node.inputs[1]);
  if (!indices.has_rank() || indices.rank() == 0 || indices.shape->back() != Dim(1)) return ir::no_match;
  if (gather->batch_dims != 0) return ir::refused("the first axes are a batch");
  const DimShape shape(indices.shape->begin(), indices.shape->end() - 1);
  if (!all_bound(shape, bound_symbols(graph, node, 2))) return ir::refused("how many there are is known too late");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0],
                patch.add(Gather{0}, {node.inputs[0], patch.add(Reshape{shape, true}, {node.inputs[1]})}));
  return patch;
}

}  // namespace

Pass cancel_movement() {
  return {"cancel_movement",
          "No transpose of a transpose, reshape of a reshape or concatenation in a concatenation; no operator that "
          "moves nothing; no expansion that broadcasting does anyway; no slices by one index that are no plain gather.",
          "After fold_shapes, which makes shapes comparable.",
          {{"transpose", transpose},
           {"reshape", reshape},
           {"slice", slice},
           {"expand", expand},
           {"broadcast", broadcast},
           {"concat", concat},
           {"gather_nd", gather_nd}}};
}

}  // namespace ingot::passes
