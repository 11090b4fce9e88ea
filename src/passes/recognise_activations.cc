// Activation functions that exporters write out in small operators.
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::any_of;
using ir::Pattern;
using ir::product;

// One activation: `pattern` in terms of `x`.
struct Form {
  Pattern x, pattern;
  Unary result;
};

Pattern sigmoid(const Pattern& x) { return ir::unary(UnaryFn::kSigmoid, x); }
Pattern relu(const Pattern& x) { return any_of({ir::unary(UnaryFn::kRelu, x), ir::binary(BinaryFn::kMax, x, 0.0)}); }
// min(max(x, 0), 6) and max(min(x, 6), 0)
Pattern relu6(const Pattern& x) {
  return any_of({ir::binary(BinaryFn::kMin, relu(x), 6.0), relu(ir::binary(BinaryFn::kMin, x, 6.0))});
}
Pattern cube(const Pattern& x) { return any_of({ir::pow(x, 3.0), product({x, x, x})}); }

std::vector<Form> make_forms() {
  constexpr double kInverseRoot2 = 0.70710678118654752, kRoot2OverPi = 0.79788456080286536, kCubic = 0.044715;
  std::vector<Form> forms;
  const auto add = [&](const Pattern& x, Pattern pattern, Unary result) {
    forms.push_back({x, std::move(pattern), result});
  };
  const Pattern x;
  add(x, product({x, 0.5, ir::unary(UnaryFn::kErf, x * kInverseRoot2) + 1.0}), {UnaryFn::kGelu});
  add(x, x * (ir::unary(UnaryFn::kErf, x * kInverseRoot2) * 0.5 + 0.5), {UnaryFn::kGelu});
  const Pattern inner =
      any_of({(x + cube(x) * kCubic) * kRoot2OverPi, product({x, kRoot2OverPi, product({x, x, kCubic}) + 1.0}),
              product({x, product({x, x, kCubic * kRoot2OverPi}) + kRoot2OverPi})});
  add(x, product({x, 0.5, ir::unary(UnaryFn::kTanh, inner) + 1.0}), {UnaryFn::kGeluTanh});
  add(x, x * (ir::unary(UnaryFn::kTanh, inner) * 0.5 + 0.5), {UnaryFn::kGeluTanh});
  const Pattern one_plus_exp = ir::unary(UnaryFn::kExp, x) + 1.0;
  add(x, ir::unary(UnaryFn::kLog, one_plus_exp), {UnaryFn::kSoftplus});
  add(x, x * ir::unary(UnaryFn::kTanh, ir::unary(UnaryFn::kSoftplus, x)), {UnaryFn::kMish});
  const Pattern one_plus_exp_minus = ir::unary(UnaryFn::kExp, any_of({ir::unary(UnaryFn::kNeg, x), x * -1.0})) + 1.0;
  add(x, ir::unary(UnaryFn::kReciprocal, one_plus_exp_minus), {UnaryFn::kSigmoid});
  add(x, Pattern(1.0) / one_plus_exp_minus, {UnaryFn::kSigmoid});
  add(x, x * sigmoid(x), {UnaryFn::kSilu, 1, 0});
  add(x, x / one_plus_exp_minus, {UnaryFn::kSilu, 1, 0});
  add(x, relu6(x + 3.0) * (1.0 / 6), {UnaryFn::kHardSigmoid, 1.0 / 6, 0.5});
  add(x, product({x, relu6(x + 3.0), 1.0 / 6}), {UnaryFn::kHardSwish});
  const Pattern hard_sigmoid = ir::op<Unary>({x}, [](const Unary& unary) {
    return unary.fn == UnaryFn::kHardSigmoid && std::abs(unary.alpha - 1.0 / 6) < 1e-4 && unary.beta == 0.5;
  });
  add(x, x * hard_sigmoid, {UnaryFn::kHardSwish});
  return forms;
}

const std::vector<Form>& forms() {
  static const std::vector<Form> all = make_forms();
  return all;
}

ir::Outcome replaced(const ir::Graph& graph, const ir::Node& node, const ir::Match& match, ir::ValueId x,
                     Unary result) {
  if (match.escapes(graph)) return ir::refused("an inner value is used elsewhere");
  if (!is_float(graph.fact(x).dtype())) return ir::refused("the elements are no floating-point numbers");
  ir::Patch patch(graph);
  const ir::ValueId activation = patch.add(result, {x});
  if (!same_shape(patch.fact(activation), graph.fact(node.outputs[0]))) {
    return ir::refused("a constant broadcasts the operand");
  }
  patch.replace(node.outputs[0], activation);
  return patch;
}

ir::Outcome recognise(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Binary>() && !node.op.is<Unary>()) return ir::no_match;
  for (const Form& form : forms()) {
    const auto match = ir::match(graph, form.pattern, node.outputs[0]);
    if (match) return replaced(graph, node, *match, (*match)[form.x], form.result);
  }
  return ir::no_match;
}

// x * sigmoid(alpha * x)
ir::Outcome swish(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  static const Pattern x, alpha = ir::any_constant();
  static const Pattern pattern = x * sigmoid(x * alpha);
  const ir::Node& node = graph.node(id);
  const auto match = ir::match(graph, pattern, node.outputs[0]);
  if (!match) return ir::no_match;
  const auto value = ir::splat_value(graph.constant((*match)[alpha]));
  if (!value) return ir::refused("the factor is not one number");
  return replaced(graph, node, *match, (*match)[x], {UnaryFn::kSilu, *value, 0});
}

// min(max(alpha * x + beta, 0), 1)
ir::Outcome hard_sigmoid(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  static const Pattern x, alpha = ir::any_constant(), beta = ir::any_constant();
  static const Pattern line = x * alpha + beta;
  static const Pattern pattern =
      any_of({ir::binary(BinaryFn::kMin, relu(line), 1.0), relu(ir::binary(BinaryFn::kMin, line, 1.0))});
  const ir::Node& node = graph.node(id);
  const auto match = ir::match(graph, pattern, node.outputs[0]);
  if (!match) return ir::no_match;
  const auto a = ir::splat_value(graph.constant((*match)[alpha])), b = ir::splat_value(graph.constant((*match)[beta]));
  if (!a || !b) return ir::refused("a constant is not one number");
  return replaced(graph, node, *match, (*match)[x], {UnaryFn::kHardSigmoid, *a, *b});
}

}  // namespace

Pass recognise_activations() {
  return {"recognise_activations",
          "GELU, SiLU, Mish, softplus, sigmoid, hard sigmoid and hard swish are one operator each, however they were "
          "written.",
          "Before simplify_arithmetic and fold_affine, which would merge their constants with those around them.",
          {{"recognise", recognise}, {"swish", swish}, {"hard_sigmoid", hard_sigmoid}}};
}

}  // namespace ingot::passes
