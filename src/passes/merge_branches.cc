// Branches of one input that are added (RepVGG, MobileOne, MobileCLIP as they are trained) become one convolution.
#include <algorithm>

#include "ops/conv.h"
#include "passes/passes.h"
#include "passes/per_channel.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

// A convolution of f32 with constant weights whose windows begin `pads` before the places of the result.
struct Branch {
  const Conv* conv = nullptr;
  ValueId x = kNoValue;
  const Tensor* weights = nullptr;
  std::vector<double> bias;
  std::vector<int64_t> strides, pads, ends;
  size_t axes() const { return pads.size(); }
  int64_t kernel(size_t axis) const { return weights->dim(static_cast<int64_t>(axis) + 2); }
  // What the size of the result depends on beside that of the data and the stride.
  int64_t surplus(size_t axis) const { return pads[axis] + ends[axis] - kernel(axis); }
};

std::vector<int64_t> or_all(std::vector<int64_t> values, size_t count, int64_t value) {
  if (values.empty()) values.assign(count, value);
  return values;
}

std::optional<Branch> branch_of(const ir::Graph& graph, ValueId id) {
  const auto conv = producer_as<Conv>(graph, id);
  if (!conv || conv.op->auto_pad != AutoPad::kNone || !conv.op->epilogue.empty()) return std::nullopt;
  Branch branch{conv.op, conv.input(0), graph.constant(conv.input(1)), {}, {}, {}, {}};
  const Tensor* bias = conv.input(2) == kNoValue ? nullptr : graph.constant(conv.input(2));
  if (branch.weights == nullptr || branch.weights->dtype() != DType::kF32) return std::nullopt;
  if (conv.input(2) != kNoValue && (bias == nullptr || bias->dtype() != DType::kF32)) return std::nullopt;
  const auto& dilations = conv.op->dilations;
  if (std::any_of(dilations.begin(), dilations.end(), [](int64_t d) { return d != 1; })) return std::nullopt;
  const auto axes = static_cast<size_t>(branch.weights->rank() - 2);
  branch.bias = bias != nullptr ? to_doubles(*bias) : std::vector<double>(static_cast<size_t>(branch.weights->dim(0)));
  branch.strides = or_all(conv.op->strides, axes, 1);
  branch.pads = or_all(conv.op->pads, 2 * axes, 0);
  branch.ends.assign(branch.pads.begin() + static_cast<int64_t>(axes), branch.pads.end());
  branch.pads.resize(axes);
  return branch;
}

// Adds the weights of `narrow` to `sums`, those of `wide`, at the place where both read the same data.
void add_weights(const Branch& narrow, const Branch& wide, std::vector<double>& sums) {
  const std::vector<double> values = to_doubles(*narrow.weights);
  for (size_t i = 0; i < values.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    int64_t at = 0, step = 1;
    for (size_t axis = narrow.axes(); axis-- > 0;) {
      at += (rest % narrow.kernel(axis) + wide.pads[axis] - narrow.pads[axis]) * step;
      rest /= narrow.kernel(axis);
      step *= wide.kernel(axis);
    }
    sums[static_cast<size_t>(rest * step + at)] += values[i];
  }
}

ir::Patch merged(const ir::Graph& graph, ir::NodeId sum, const Branch& wide, const std::vector<double>& weights,
                 std::vector<double> bias, const std::vector<double>& more) {
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += more[i];
  Tensor tensor = Tensor::uninitialized(DType::kF32, wide.weights->shape());
  std::transform(weights.begin(), weights.end(), tensor.mutable_data<float>(),
                 [](double value) { return static_cast<float>(value); });
  ir::Patch patch(graph);
  const ValueId w = patch.constant(std::move(tensor)), b = patch.constant(vector_of(DType::kF32, bias));
  patch.replace(graph.node(sum).outputs[0], patch.add(*wide.conv, {wide.x, w, b}));
  return patch;
}

// Whether every window of `narrow` lies within that of `wide`, and both give results of one size.
bool within(const Branch& narrow, const Branch& wide) {
  for (size_t axis = 0; axis < wide.axes(); ++axis) {
    const int64_t before = wide.pads[axis] - narrow.pads[axis];
    if (before < 0 || before + narrow.kernel(axis) > wide.kernel(axis)) return false;
    if (narrow.surplus(axis) != wide.surplus(axis)) return false;
  }
  return true;
}

ir::Outcome two_convolutions(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* sum = node.op.as<Binary>();
  if (sum == nullptr || sum->fn != BinaryFn::kAdd) return ir::no_match;
  const auto a = branch_of(graph, node.inputs[0]), b = branch_of(graph, node.inputs[1]);
  if (!a || !b || a->x != b->x || node.inputs[0] == node.inputs[1]) return ir::no_match;
  if (graph.sole_user(node.inputs[0]) != id || graph.sole_user(node.inputs[1]) != id) {
    return ir::refused("a branch is used elsewhere");
  }
  const bool alike = a->conv->group == b->conv->group && a->strides == b->strides &&
                     a->conv->channels_last == b->conv->channels_last && a->bias.size() == b->bias.size();
  if (!alike) return ir::refused("groups, strides or filters of the branches differ");
  const bool b_within = within(*b, *a);
  if (!b_within && !within(*a, *b)) return ir::refused("no window holds the other");
  const Branch &wide = b_within ? *a : *b, &narrow = b_within ? *b : *a;
  std::vector<double> weights = to_doubles(*wide.weights);
  add_weights(narrow, wide, weights);
  return merged(graph, id, wide, weights, wide.bias, narrow.bias);
}

// scale * x + shift, one number per channel.
struct ScaledInput {
  std::vector<double> scale, shift;
};

// How `id` is made of `x`; nothing where it is not by products and sums with constants.
std::optional<ScaledInput> scaled_input(const ir::Graph& graph, ValueId id, ValueId x, int64_t channel,
                                        int64_t channels) {
  const auto count = static_cast<size_t>(channels);
  ScaledInput result{std::vector<double>(count, 1), std::vector<double>(count, 0)};
  while (id != x) {
    const auto step = producer_as<Binary>(graph, id);
    const bool affine = step && (step.op->fn == BinaryFn::kMul || step.op->fn == BinaryFn::kAdd);
    if (!affine || graph.constant(step.input(1)) == nullptr) return std::nullopt;
    const auto values = per_channel(*graph.constant(step.input(1)), graph.fact(id).rank(), channel, channels);
    if (!values) return std::nullopt;
    for (size_t i = 0; i < count; ++i) {
      if (step.op->fn == BinaryFn::kAdd) result.shift[i] += result.scale[i] * (*values)[i];
      if (step.op->fn == BinaryFn::kMul) result.scale[i] *= (*values)[i];
    }
    id = step.input(0);
  }
  return result;
}

// Where a window that reads a place of the data for the same place of the result reads it; -1: it does not.
int64_t centre(const Branch& branch) {
  int64_t at = 0;
  for (size_t axis = 0; axis < branch.axes(); ++axis) {
    const int64_t pad = branch.pads[axis];
    if (branch.strides[axis] != 1 || branch.surplus(axis) != -1 || pad < 0 || pad >= branch.kernel(axis)) return -1;
    at = at * branch.kernel(axis) + pad;
  }
  return at;
}

ir::Outcome with_its_input(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* sum = node.op.as<Binary>();
  if (sum == nullptr || sum->fn != BinaryFn::kAdd) return ir::no_match;
  for (const size_t side : {0, 1}) {
    const auto branch = branch_of(graph, node.inputs[side]);
    if (!branch || !graph.fact(branch->x).has_rank()) continue;
    const int64_t rank = graph.fact(branch->x).rank(), channel = branch->conv->channels_last ? rank - 1 : 1;
    const int64_t filters = branch->weights->dim(0), group_channels = branch->weights->dim(1);
    if (filters != group_channels * branch->conv->group) continue;
    const auto input = scaled_input(graph, node.inputs[1 - side], branch->x, channel, filters);
    if (!input) continue;
    if (graph.sole_user(node.inputs[side]) != id) return ir::refused("a branch is used elsewhere");
    const int64_t at = centre(*branch);
    if (at < 0) return ir::refused("the convolution does not read the data that is added");
    std::vector<double> weights = to_doubles(*branch->weights);
    const int64_t taps = branch->weights->count() / std::max<int64_t>(1, filters * group_channels);
    for (int64_t m = 0; m < filters; ++m) {
      weights[static_cast<size_t>((m * group_channels + m % group_channels) * taps + at)] +=
          input->scale[static_cast<size_t>(m)];
    }
    return merged(graph, id, *branch, weights, branch->bias, input->shift);
  }
  return ir::no_match;
}

}  // namespace

Pass merge_branches() {
  return {"merge_branches",
          "No sum of two convolutions of one input of which one window holds the other, nor of a convolution and its "
          "input.",
          "After fold_affine, which takes normalisation into the branches; before fusion, which would add results.",
          {{"two_convolutions", two_convolutions}, {"with_its_input", with_its_input}}};
}

}  // namespace ingot::passes
