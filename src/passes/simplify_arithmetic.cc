// Cheaper forms of pointwise arithmetic.
#include <cmath>

#include "ops/where.h"
#include "passes/narrow.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

ir::Outcome replace_by(const ir::Graph& graph, const ir::Node& node, ir::ValueId value) {
  const Fact &old = graph.fact(node.outputs[0]), &fact = graph.fact(value);
  if (old.dtype() != fact.dtype()) return ir::refused("the operator changes the type");
  if (!same_shape(old, fact)) return ir::refused("the operator changes the shape");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], value);
  return patch;
}

bool is_any_of(BinaryFn fn, std::initializer_list<BinaryFn> list) {
  return std::find(list.begin(), list.end(), fn) != list.end();
}

// x + 0, x - 0, x * 1, x / 1, pow(x, 1), x and true, x or false; the constant first where the function commutes.
ir::Outcome neutral(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr) return ir::no_match;
  for (const size_t side : {1, 0}) {
    if (side == 0 && !is_commutative(op->fn)) break;
    const auto constant = ir::splat_value(graph.constant(node.inputs[side]));
    if (constant && is_neutral(op->fn, *constant)) return replace_by(graph, node, node.inputs[1 - side]);
  }
  return ir::no_match;
}

// The constant operand of a commutative function stands second.
ir::Outcome constant_second(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || !is_commutative(op->fn)) return ir::no_match;
  if (graph.constant(node.inputs[0]) == nullptr || graph.constant(node.inputs[1]) != nullptr) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(node.op, {node.inputs[1], node.inputs[0]}));
  return patch;
}

Tensor mapped(const Tensor& x, double (*function)(double)) {
  Tensor y = Tensor::uninitialized(x.dtype(), x.shape());
  for (int64_t i = 0; i < x.count(); ++i) write_double(y, i, function(read_double(x, i)));
  return y;
}

bool is_plain_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBF16;
}

// Whether a number's last bit may decide what comes out: arithmetic on the value ends in whole numbers.
bool is_rounded_later(const ir::Graph& graph, ir::ValueId value, int depth) {
  for (const ir::NodeId user : graph.users(value)) {
    const ir::Node& node = graph.node(user);
    bool follows = false;
    if (const auto* cast = node.op.as<Cast>()) {
      if (is_int(cast->to)) return true;
      follows = is_plain_float(cast->to);
    } else if (const auto* unary = node.op.as<Unary>()) {
      if (unary->fn == UnaryFn::kFloor || unary->fn == UnaryFn::kCeil || unary->fn == UnaryFn::kRound) return true;
      follows = unary->fn == UnaryFn::kNeg || unary->fn == UnaryFn::kAbs || unary->fn == UnaryFn::kRelu;
    } else if (const auto* binary = node.op.as<Binary>()) {
      if (is_any_of(binary->fn, {BinaryFn::kMod, BinaryFn::kFmod})) return true;
      follows = !is_comparison(binary->fn) && binary->fn != BinaryFn::kPow;
    }
    if (follows && depth > 0 && is_rounded_later(graph, node.outputs[0], depth - 1)) return true;
  }
  return false;
}

// x / c becomes x * (1 / c), x - c becomes x + (-c).
ir::Outcome constant_inverse(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || !is_any_of(op->fn, {BinaryFn::kDiv, BinaryFn::kSub})) return ir::no_match;
  const Tensor* constant = graph.constant(node.inputs[1]);
  if (constant == nullptr || !is_plain_float(constant->dtype())) return ir::no_match;
  const bool divides = op->fn == BinaryFn::kDiv;
  const Tensor inverse =
      divides ? mapped(*constant, [](double x) { return 1 / x; }) : mapped(*constant, [](double x) { return -x; });
  if (divides) {
    const auto is_exact = [&](int64_t i) {
      int exponent = 0;
      return std::abs(std::frexp(read_double(inverse, i), &exponent)) == 0.5;
    };
    bool exact = true;
    for (int64_t i = 0; i < inverse.count() && exact; ++i) exact = is_exact(i);
    if (!exact && is_rounded_later(graph, node.outputs[0], 4)) return ir::refused("the quotient is rounded later");
    // 16-bit reciprocals would lose a bit that the division keeps.
    const bool wide = constant->dtype() == DType::kF32 || constant->dtype() == DType::kF64;
    for (int64_t i = 0; i < inverse.count(); ++i) {
      if (!std::isnormal(read_double(inverse, i))) return ir::refused("a reciprocal is no normal number");
      if (!wide && !is_exact(i)) return ir::refused("a reciprocal is not exact");
    }
  }
  ir::Patch patch(graph);
  const Binary fields{divides ? BinaryFn::kMul : BinaryFn::kAdd};
  patch.replace(node.outputs[0], patch.add(fields, {node.inputs[0], patch.constant(inverse)}));
  return patch;
}

// (x * c) * d becomes x * (c * d), and so for sums; folding computes c * d.
ir::Outcome constants_together(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || !is_any_of(op->fn, {BinaryFn::kMul, BinaryFn::kAdd})) return ir::no_match;
  const auto inner = producer_as<Binary>(graph, node.inputs[0]);
  if (!inner || inner.op->fn != op->fn) return ir::no_match;
  const ir::ValueId c = inner.input(1), d = node.inputs[1];
  if (graph.constant(c) == nullptr || graph.constant(d) == nullptr || graph.constant(inner.input(0)) != nullptr) {
    return ir::no_match;
  }
  if (!is_plain_float(graph.fact(d).dtype())) return ir::no_match;
  if (graph.sole_user(node.inputs[0]) != id) return ir::refused("the inner result is used elsewhere");
  if (is_rounded_later(graph, node.outputs[0], 4)) return ir::refused("the result is rounded later");
  ir::Patch patch(graph);
  const ir::ValueId both = patch.add(node.op, {c, d});
  const int64_t larger = std::max(graph.constant(c)->count(), graph.constant(d)->count());
  if (!(product(*patch.fact(both).shape) == Dim(larger)))
    return ir::refused("the constants broadcast to something larger");
  patch.replace(node.outputs[0], patch.add(node.op, {inner.input(0), both}));
  return patch;
}

ir::Outcome power(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || op->fn != BinaryFn::kPow) return ir::no_match;
  const auto exponent = ir::splat_value(graph.constant(node.inputs[1]));
  const ir::ValueId x = node.inputs[0];
  if (!exponent) return ir::no_match;
  if (!is_plain_float(graph.fact(x).dtype())) return ir::refused("powers of integers stay as they are");
  if (*exponent != 2 && *exponent != 3 && *exponent != -1) return ir::no_match;
  ir::Patch patch(graph);
  const Binary mul{BinaryFn::kMul};
  ir::ValueId result = *exponent == -1 ? patch.add(Unary{UnaryFn::kReciprocal}, {x}) : patch.add(mul, {x, x});
  if (*exponent == 3) result = patch.add(mul, {result, x});
  if (!same_shape(patch.fact(result), graph.fact(node.outputs[0]))) return ir::refused("the exponent broadcasts");
  patch.replace(node.outputs[0], result);
  return patch;
}

// relu(relu(x)), abs(abs(x)), ... once; neg(neg(x)) and not(not(x)) not at all; max(x, 0) is relu.
ir::Outcome repeated(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Unary>();
  if (op == nullptr) return ir::no_match;
  const auto inner = producer_as<Unary>(graph, node.inputs[0]);
  if (!inner || inner.op->fn != op->fn) return ir::no_match;
  switch (op->fn) {
    case UnaryFn::kRelu:
    case UnaryFn::kAbs:
    case UnaryFn::kCeil:
    case UnaryFn::kFloor:
    case UnaryFn::kRound:
    case UnaryFn::kSign: return replace_by(graph, node, node.inputs[0]);
    case UnaryFn::kNeg:
    case UnaryFn::kNot:
    case UnaryFn::kBitwiseNot: return replace_by(graph, node, inner.input(0));
    default: return ir::no_match;
  }
}

ir::Outcome max_is_relu(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || op->fn != BinaryFn::kMax || !is_all(graph, node.inputs[1], 0)) return ir::no_match;
  const Fact& x = graph.fact(node.inputs[0]);
  if (!is_plain_float(x.dtype()) || !same_shape(x, graph.fact(node.outputs[0]))) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(Unary{UnaryFn::kRelu}, {node.inputs[0]}));
  return patch;
}

ir::Outcome where(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Where>()) return ir::no_match;
  for (const bool wanted : {true, false}) {
    if (is_all(graph, node.inputs[0], wanted ? 1 : 0)) return replace_by(graph, node, node.inputs[wanted ? 1 : 2]);
  }
  return ir::no_match;
}

}  // namespace

Pass simplify_arithmetic() {
  return {"simplify_arithmetic",
          "No pointwise operator that changes nothing; no division or subtraction by a constant, no constants applied "
          "one after the other, no small whole powers of floating-point numbers.",
          "After cancelling, which removes what stands between constants; before fold_affine, which looks for products "
          "and sums alone.",
          {{"neutral", neutral},
           {"constant_second", constant_second},
           {"constant_inverse", constant_inverse},
           {"constants_together", constants_together},
           {"power", power},
           {"repeated", repeated},
           {"max_is_relu", max_is_relu},
           {"where", where}}};
}

}  // namespace ingot::passes
