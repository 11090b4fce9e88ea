#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

struct FloatBits {
  int exponent, mantissa;
};

std::optional<FloatBits> float_bits(DType dtype) {
  switch (dtype) {
    case DType::kF64: return FloatBits{11, 52};
    case DType::kF32: return FloatBits{8, 23};
    case DType::kBF16: return FloatBits{8, 7};
    case DType::kF16: return FloatBits{5, 10};
    default: return std::nullopt;
  }
}

int value_bits(DType dtype) { return dtype == DType::kBool ? 1 : dtype_bits(dtype) - (is_signed_int(dtype) ? 1 : 0); }

// Whether every value of `from` is one of `to`.
bool widens(DType from, DType to) {
  if (from == to) return true;
  const auto source = float_bits(from), target = float_bits(to);
  if (source && target) return source->exponent <= target->exponent && source->mantissa <= target->mantissa;
  const bool from_int = is_int(from) || from == DType::kBool;
  if (from_int && target)
    return value_bits(from) <= target->mantissa + 1 && value_bits(from) < 1 << target->exponent / 2;
  if (from_int && is_int(to)) {
    return value_bits(from) <= value_bits(to) && (!is_signed_int(from) || is_signed_int(to));
  }
  return false;
}

ir::Outcome same_type(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* cast = node.op.as<Cast>();
  if (cast == nullptr || cast->to != graph.fact(node.inputs[0]).dtype()) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], node.inputs[0]);
  return patch;
}

ir::Outcome chain(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<Cast>()) return ir::no_match;
  const auto inner = producer_as<Cast>(graph, node.inputs[0]);
  if (!inner) return ir::no_match;
  if (!widens(graph.fact(inner.input(0)).dtype(), inner.op->to)) return ir::refused("the inner cast loses values");
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.add(node.op, {inner.input(0)}));
  return patch;
}

}  // namespace

Pass cancel_casts() {
  return {"cancel_casts",
          "No cast to the type that is there already; no cast of a cast that loses nothing.",
          "Before the movement rules, so that casts do not stand between operators that cancel.",
          {{"same_type", same_type}, {"chain", chain}}};
}

}  // namespace ingot::passes
