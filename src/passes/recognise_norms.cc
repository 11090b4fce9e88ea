// Softmax, layer norm and RMS norm that exporters write out in small operators.
#include "ops/layer_norm.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::any_of;
using ir::Pattern;
using ir::ValueId;

Pattern reduce(ReduceFn fn, const Pattern& x) {
  return ir::op<Reduce>({x}, [fn](const Reduce& each) { return each.fn == fn && each.keepdims; });
}

// The axes of a matched reduction, made non-negative.
std::vector<int64_t> axes_of(const ir::Graph& graph, ValueId reduced) {
  const ir::Node& node = *graph.producer(reduced);
  const Reduce& op = *node.op.as<Reduce>();
  const Fact& x = graph.fact(node.inputs[0]);
  std::vector<int64_t> axes;
  if (!x.has_rank() || (op.axes.empty() && op.empty_is_identity)) return axes;
  for (const int64_t axis : op.axes) axes.push_back(normalize_axis(axis, x.rank()));
  if (op.axes.empty()) {
    for (int64_t axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

// The first axis when `axes` are all axes from there on.
std::optional<int64_t> first_of_last(const std::vector<int64_t>& axes, int64_t rank) {
  if (axes.empty()) return std::nullopt;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != rank - static_cast<int64_t>(axes.size()) + static_cast<int64_t>(i)) return std::nullopt;
  }
  return axes[0];
}

// a / sqrt(b), a * (1 / sqrt(b)), a * pow(b, -0.5)
Pattern over_root(const Pattern& a, const Pattern& b) {
  const Pattern root = any_of({ir::unary(UnaryFn::kSqrt, b), ir::pow(b, 0.5)});
  const Pattern inverse = any_of({ir::unary(UnaryFn::kReciprocal, root), Pattern(1.0) / root, ir::pow(b, -0.5)});
  return any_of({a / root, a * inverse});
}

ir::Outcome layer_norm(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  static const Pattern x, epsilon = ir::any_constant();
  static const Pattern mean = reduce(ReduceFn::kMean, x), centred = x - mean;
  static const Pattern variance = reduce(ReduceFn::kMean, ir::square(centred));
  static const Pattern pattern = over_root(centred, variance + epsilon);
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Binary>()) return ir::no_match;
  const auto match = ir::match(graph, pattern, node.outputs[0]);
  if (!match) return ir::no_match;
  const Fact& fact = graph.fact((*match)[x]);
  const auto value = ir::splat_value(graph.constant((*match)[epsilon]));
  if (!value) return ir::refused("epsilon is not one number");
  if (match->escapes(graph)) return ir::refused("an inner value is used elsewhere");
  if (!fact.has_rank()) return ir::refused("the rank is known only when it runs");
  const auto axes = axes_of(graph, (*match)[mean]);
  const auto axis = first_of_last(axes, fact.rank());
  if (!axis || axes_of(graph, (*match)[variance]) != axes) return ir::refused("the axes are not the last ones");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(LayerNorm{*axis - fact.rank(), *value}, {(*match)[x]}));
  return patch;
}

ir::Outcome rms_norm(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  static const Pattern x, epsilon = ir::any_constant();
  static const Pattern variance = reduce(ReduceFn::kMean, ir::square(x));
  static const Pattern pattern = over_root(x, variance + epsilon);
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Binary>()) return ir::no_match;
  const auto match = ir::match(graph, pattern, node.outputs[0]);
  if (!match) return ir::no_match;
  const Fact& fact = graph.fact((*match)[x]);
  const auto value = ir::splat_value(graph.constant((*match)[epsilon]));
  if (!value) return ir::refused("epsilon is not one number");
  if (match->escapes(graph)) return ir::refused("an inner value is used elsewhere");
  if (!fact.has_rank()) return ir::refused("the rank is known only when it runs");
  const auto axis = first_of_last(axes_of(graph, (*match)[variance]), fact.rank());
  if (!axis) return ir::refused("the axes are not the last ones");
  LayerNorm norm{*axis - fact.rank(), *value};
  norm.rms = true;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(norm, {(*match)[x]}));
  return patch;
}

// layer_norm(x) * scale and layer_norm(x, scale) + bias, where the operand varies along the normalised axes alone.
ir::Outcome affine(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* binary = node.op.as<Binary>();
  if (binary == nullptr || (binary->fn != BinaryFn::kMul && binary->fn != BinaryFn::kAdd)) return ir::no_match;
  const size_t slot = binary->fn == BinaryFn::kMul ? 1 : 2;
  for (const size_t side : {0, 1}) {
    const auto norm = producer_as<LayerNorm>(graph, node.inputs[side]);
    if (!norm || norm.op->with_statistics) continue;
    const ValueId operand = node.inputs[1 - side];
    if (norm.input(slot) != ir::kNoValue) return ir::refused("the norm has such an operand already");
    if (slot == 1 && norm.input(2) != ir::kNoValue) return ir::refused("the norm has a bias already");
    if (graph.sole_user(node.inputs[side]) != id) return ir::refused("the norm is used elsewhere");
    const Fact &x = graph.fact(norm.input(0)), &fact = graph.fact(operand);
    if (!x.has_rank() || !fact.has_rank()) return ir::refused("the rank is known only when it runs");
    const int64_t axis = normalize_axis(norm.op->axis, x.rank()), normalized = x.rank() - axis;
    if (fact.rank() > normalized) return ir::refused("the operand varies along other axes");
    std::vector<ValueId> inputs{norm.input(0), norm.input(1), norm.input(2)};
    inputs[slot] = operand;
    ir::Patch patch(graph);
    patch.replace(node.outputs[0], patch.add(norm.node->op, std::move(inputs)));
    return patch;
  }
  return ir::no_match;
}

ir::Outcome softmax(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  static const Pattern x;
  static const Pattern largest = reduce(ReduceFn::kMax, x);
  static const Pattern exponent = ir::unary(UnaryFn::kExp, x - largest);
  static const Pattern sum = reduce(ReduceFn::kSum, exponent);
  static const Pattern pattern = any_of({exponent / sum, exponent * ir::unary(UnaryFn::kReciprocal, sum)});
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Binary>()) return ir::no_match;
  const auto match = ir::match(graph, pattern, node.outputs[0]);
  if (!match) return ir::no_match;
  if (match->escapes(graph)) return ir::refused("an inner value is used elsewhere");
  const auto axes = axes_of(graph, (*match)[sum]);
  if (axes.size() != 1 || axes_of(graph, (*match)[largest]) != axes) return ir::refused("it is not along one axis");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Softmax{axes[0], false}, {(*match)[x]}));
  return patch;
}

ir::Outcome log_softmax(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* log = node.op.as<Unary>();
  if (log == nullptr || log->fn != UnaryFn::kLog) return ir::no_match;
  const auto softmax = producer_as<Softmax>(graph, node.inputs[0]);
  if (!softmax || softmax.op->log) return ir::no_match;
  if (graph.sole_user(node.inputs[0]) != id) return ir::refused("the softmax is used elsewhere");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Softmax{softmax.op->axis, true}, {softmax.input(0)}));
  return patch;
}

}  // namespace

Pass recognise_norms() {
  return {"recognise_norms",
          "Softmax, layer norm and RMS norm are one operator each, with scale and bias, however they were written.",
          "Before simplify_arithmetic and fold_affine, which would take them apart.",
          {{"layer_norm", layer_norm},
           {"rms_norm", rms_norm},
           {"affine", affine},
           {"softmax", softmax},
           {"log_softmax", log_softmax}}};
}

}  // namespace ingot::passes
