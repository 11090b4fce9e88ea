// Group normalisation as exporters write it for opsets without the operator: each group made a channel by a reshape,
// instance normalisation, the reshape undone, a scale and a bias per channel.
#include "ops/binary.h"
#include "ops/group_norm.h"
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/per_channel.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

std::optional<int64_t> channels_of(const Fact& fact) {
  return fact.has_rank() && fact.rank() >= 2 ? (*fact.shape)[1].constant() : std::nullopt;
}

// What is left of a scale or bias that is `none` for every group.
ValueId unless_all(const ir::Graph& graph, ValueId parameter, double none) {
  return parameter != kNoValue && is_all(graph, parameter, none) ? kNoValue : parameter;
}

ir::Outcome groups_as_channels(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Reshape>()) return ir::no_match;
  const auto norm = producer_as<GroupNorm>(graph, node.inputs[0]);
  if (!norm || norm.op->groups != 0 || norm.op->channels_last) return ir::no_match;
  const auto before = producer_as<Reshape>(graph, norm.input(0));
  if (!before) return ir::no_match;
  const Fact &x = graph.fact(before.input(0)), &grouped = graph.fact(norm.input(0));
  if (!same_shape(x, graph.fact(node.outputs[0]))) return ir::refused("the second reshape does not undo the first");
  if (graph.sole_user(node.inputs[0]) != id) return ir::refused("the norm is used elsewhere");
  const auto channels = channels_of(x), groups = channels_of(grouped);
  if (!channels || !groups) return ir::refused("the numbers of channels and groups are not known");
  if (*groups < 1 || *channels % *groups != 0 || x.shape->front() != grouped.shape->front()) {
    return ir::refused("a group is not made of whole channels of one image");
  }
  ir::Patch patch(graph);
  const ValueId scale = unless_all(graph, norm.input(1), 1), bias = unless_all(graph, norm.input(2), 0);
  patch.replace(node.outputs[0], patch.add(GroupNorm{*groups, norm.op->epsilon}, {before.input(0), scale, bias}));
  return patch;
}

// group_norm(x) * scale and group_norm(x, scale) + bias.
ir::Outcome affine(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* binary = node.op.as<Binary>();
  if (binary == nullptr || (binary->fn != BinaryFn::kMul && binary->fn != BinaryFn::kAdd)) return ir::no_match;
  const size_t slot = binary->fn == BinaryFn::kMul ? 1 : 2;
  for (const size_t side : {0, 1}) {
    const auto norm = producer_as<GroupNorm>(graph, node.inputs[side]);
    const Tensor* constant = graph.constant(node.inputs[1 - side]);
    if (!norm || norm.op->channels_last || constant == nullptr) continue;
    if (norm.input(slot) != kNoValue || norm.input(2) != kNoValue) {
      return ir::refused("the norm has such an operand already");
    }
    if (graph.sole_user(node.inputs[side]) != id) return ir::refused("the norm is used elsewhere");
    const Fact& x = graph.fact(norm.input(0));
    const auto channels = channels_of(x);
    if (!channels || !same_shape(x, graph.fact(node.outputs[0]))) return ir::refused("the channels are not known");
    const auto values = per_channel(*constant, x.rank(), 1, *channels);
    if (!values) return ir::refused("the operand varies along other axes");
    std::vector<ValueId> inputs{norm.input(0), norm.input(1), norm.input(2)};
    if (slot == 2 && inputs[1] != kNoValue && graph.fact(inputs[1]).shape != DimShape{Dim(*channels)}) {
      return ir::refused("the norm is scaled by the group");
    }
    ir::Patch patch(graph);
    inputs[slot] = patch.constant(vector_of(x.dtype(), *values));
    patch.replace(node.outputs[0], patch.add(norm.node->op, std::move(inputs)));
    return patch;
  }
  return ir::no_match;
}

}  // namespace

Pass recognise_group_norms() {
  return {"recognise_group_norms",
          "A group normalisation is one operator with its scale and bias, not an instance normalisation of groups made "
          "channels.",
          "With recognise_norms, before fold_affine, which would take scale and bias elsewhere.",
          {{"groups_as_channels", groups_as_channels}, {"affine", affine}}};
}

}  // namespace ingot::passes
