// Operators on f16 and bf16 compute in f32 where the machine has no kernels for them.
#include "ir/bodies.h"
#include "ops/bitcast.h"
#include "ops/quantize_linear.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::ValueId;

bool is_widened(DType dtype, const Target& target) {
  if (dtype != DType::kF16 && dtype != DType::kBF16) return false;
  const auto& types = target.pointwise_types;
  return !target.half_floats && std::find(types.begin(), types.end(), dtype) == types.end();
}
bool is_widened(const Fact& fact, const Target& target) {
  return fact.type.is_tensor() && is_widened(fact.dtype(), target);
}

// Whether the value is f32 but for a cast.
bool was_f32(const ir::Graph& graph, ValueId value) {
  const auto cast = producer_as<Cast>(graph, value);
  return cast && graph.fact(cast.input(0)).dtype() == DType::kF32;
}

// The f32 that a value of 16 bits was rounded from, or comes from by a cast.
ValueId wide(const ir::Graph& graph, ir::Patch& patch, ValueId value) {
  if (const Tensor* constant = graph.constant(value)) return patch.constant(convert(*constant, DType::kF32));
  if (was_f32(graph, value)) return graph.producer(value)->inputs[0];
  return patch.add(Cast{DType::kF32}, {value});
}

ir::Outcome widen(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const Target& target = run.target();
  const auto concerns = [&](ValueId value) { return value != ir::kNoValue && is_widened(graph.fact(value), target); };
  const bool any = std::any_of(node.inputs.begin(), node.inputs.end(), concerns) ||
                   std::any_of(node.outputs.begin(), node.outputs.end(), concerns);
  if (!any || node.op.is<Cast>() || node.op.is<Bitcast>()) return ir::no_match;
  if (!ir::body_indices(node.op).empty()) return ir::refused("its bodies take 16 bits");
  if (node.op.has(kMovesData)) {
    const bool inside = std::any_of(node.inputs.begin(), node.inputs.end(),
                                    [&](ValueId input) { return input != ir::kNoValue && was_f32(graph, input); });
    if (!inside) return ir::no_match;  // nothing is computed: the 16 bits are moved
  }
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = node.inputs;
  for (ValueId& input : inputs) {
    if (concerns(input)) input = wide(graph, patch, input);
  }
  Op op = node.op;
  if (const auto* dequantize = op.as<DequantizeLinear>()) {
    DequantizeLinear wider = *dequantize;
    wider.to = DType::kF32;
    op = wider;
  }
  const auto outputs = patch.add_node(std::move(op), std::move(inputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Fact &old = graph.fact(node.outputs[i]), &now = patch.fact(outputs[i]);
    ValueId output = outputs[i];
    if (concerns(node.outputs[i])) {
      if (!now.type.is_tensor() || now.dtype() != DType::kF32)
        return ir::refused("its result has 16 bits all the same");
      output = patch.add(Cast{old.dtype()}, {output});
    } else if (!(now.type == old.type)) {
      return ir::refused("another type in f32");
    }
    patch.replace(node.outputs[i], output);
  }
  return patch;
}

// f32 from 16 bits that were f32: the rounding between is left out.
ir::Outcome unrounded(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* cast = node.op.as<Cast>();
  if (cast == nullptr || cast->to != DType::kF32 || !is_widened(graph.fact(node.inputs[0]), run.target())) {
    return ir::no_match;
  }
  if (!was_f32(graph, node.inputs[0])) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], graph.producer(node.inputs[0])->inputs[0]);
  return patch;
}

}  // namespace

Pass widen_halves() {
  return {"widen_halves",
          "No operator on f16 or bf16 but casts and those with bodies, on a machine without kernels for them: the "
          "numbers between a graph's inputs and outputs are f32 and are not rounded to 16 bits.",
          "First for the machine: all later passes then see f32.",
          {{"widen", widen}, {"unrounded", unrounded}}};
}

}  // namespace ingot::passes
