#include "passes/narrow.h"

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/expand.h"
#include "ops/unary.h"
#include "ops/where.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::ValueId;

constexpr int kDeepest = 4;  // masks are a few operators; each step may repeat work that others need wide

// The operand that `node` only repeats; kNoValue where it does more.
ValueId repeated_operand(const ir::Graph& graph, const ir::Node& node) {
  if (node.op.is<Expand>()) return node.inputs[0];
  if (const auto* binary = node.op.as<Binary>()) {
    const auto second = ir::splat_value(graph.constant(node.inputs[1]));
    if (second && is_neutral(binary->fn, *second)) return node.inputs[0];
    const auto first = ir::splat_value(graph.constant(node.inputs[0]));
    if (first && is_commutative(binary->fn) && is_neutral(binary->fn, *first)) return node.inputs[1];
  }
  if (node.op.is<Where>()) {
    const auto chosen = ir::splat_value(graph.constant(node.inputs[0]));
    if (chosen) return node.inputs[*chosen != 0 ? 1 : 2];
  }
  return ir::kNoValue;
}

bool is_pointwise(const ir::Node& node) {
  return node.op.is<Unary>() || node.op.is<Binary>() || node.op.is<Cast>() || node.op.is<Where>();
}

ValueId narrowed(const ir::Graph& graph, ir::Patch& patch, ValueId id, int depth) {
  const ir::Node* node = graph.producer(id);
  if (node == nullptr || depth == 0 || graph.value(id).output != 0) return id;
  const Fact& wide = graph.fact(id);
  const ValueId operand = repeated_operand(graph, *node);
  if (operand != ir::kNoValue && graph.fact(operand).dtype() == wide.dtype()) {
    return narrowed(graph, patch, operand, depth - 1);
  }
  if (!is_pointwise(*node)) return id;
  std::vector<ValueId> inputs = node->inputs;
  for (ValueId& input : inputs) input = narrowed(graph, patch, input, depth - 1);
  if (inputs == node->inputs) return id;
  const ValueId result = patch.add(node->op, std::move(inputs));
  return same_shape(patch.fact(result), wide) ? id : result;
}

}  // namespace

bool is_neutral(BinaryFn fn, double constant) {
  switch (fn) {
    case BinaryFn::kAdd:
    case BinaryFn::kSub:
    case BinaryFn::kOr: return constant == 0;
    case BinaryFn::kMul:
    case BinaryFn::kDiv:
    case BinaryFn::kPow:
    case BinaryFn::kAnd: return constant == 1;
    default: return false;
  }
}

ValueId narrowed(const ir::Graph& graph, ir::Patch& patch, ValueId id) { return narrowed(graph, patch, id, kDeepest); }

}  // namespace ingot::passes
