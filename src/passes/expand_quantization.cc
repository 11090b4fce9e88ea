// Quantising and taking back, written out in f32: both vanish into the loops around them.
#include "ops/eval.h"
#include "ops/gather.h"
#include "ops/reduce.h"
#include "ops/where.h"
#include "passes/passes.h"
#include "passes/quantized_floats.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::ValueId;

bool is_small_int(DType dtype) { return is_int(dtype) && dtype_bits(dtype) <= 16; }

// Scale and zero point of a node, spread over the tensor `x`; the zero point is kNoValue when there is none.
struct Parameters {
  ValueId scale, zero;
};
std::optional<Parameters> parameters_of(ir::Patch& patch, const ir::Node& node, int64_t axis) {
  const Fact& x = patch.fact(node.inputs[0]);
  if (!x.has_rank()) return std::nullopt;
  Parameters result{spread_parameter(patch, node.inputs[1], x.rank(), axis), ir::kNoValue};
  if (result.scale == ir::kNoValue) return std::nullopt;
  if (const ValueId zero = input_or_none(node, 2); zero != ir::kNoValue) {
    result.zero = spread_parameter(patch, zero, x.rank(), axis);
    if (result.zero == ir::kNoValue) return std::nullopt;
  }
  return result;
}

ir::Outcome quantize(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<QuantizeLinear>();
  if (op == nullptr) return ir::no_match;
  const bool plain = op->precision == DType::kUndefined || op->precision == DType::kF32;
  if (!is_small_int(op->to) || op->block != 0 || !plain || graph.fact(node.inputs[0]).dtype() != DType::kF32 ||
      graph.fact(node.inputs[1]).dtype() != DType::kF32) {
    return ir::refused("quantised in blocks, or not from f32 to small integers");
  }
  ir::Patch patch(graph);
  const auto parameters = parameters_of(patch, node, op->axis);
  if (!parameters) return ir::refused("the shapes of scales are not known");
  const ValueId ratio = patch.add(Binary{BinaryFn::kDiv}, {node.inputs[0], parameters->scale});
  patch.replace(node.outputs[0], patch.add(Cast{op->to}, {rounded(patch, ratio, parameters->zero, op->to)}));
  return patch;
}

// A constant table with one scale: its rows can be taken before they are taken back, and it stays as small as it is.
bool is_table(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = node.op.as<DequantizeLinear>();
  const Tensor* scale = graph.constant(node.inputs[1]);
  return op != nullptr && op->block == 0 && graph.constant(node.inputs[0]) != nullptr && scale != nullptr &&
         scale->count() == 1;
}
ir::Outcome gather_first(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* gather = node.op.as<Gather>();
  if (gather == nullptr) return ir::no_match;
  const auto table = producer_as<DequantizeLinear>(graph, node.inputs[0]);
  if (!table) return ir::no_match;
  if (!is_table(graph, *table.node)) return ir::refused("rows of the table have scales of their own");
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = table.node->inputs;
  inputs[0] = patch.add(*gather, {inputs[0], node.inputs[1]});
  patch.replace(node.outputs[0], patch.add(*table.op, std::move(inputs)));
  return patch;
}
bool has_rows_taken(const ir::Graph& graph, const ir::Node& node) {
  const auto& users = graph.users(node.outputs[0]);
  return std::any_of(users.begin(), users.end(), [&](ir::NodeId user) {
    return graph.node(user).op.is<Gather>() && graph.node(user).inputs[0] == node.outputs[0];
  });
}

// Weights are taken back once, here.
ir::Outcome known_weights(const ir::Graph& graph, const ir::Node& node, const PassRun& run) {
  std::vector<Value> operands;
  for (const ValueId input : node.inputs) {
    if (input != ir::kNoValue && graph.constant(input) == nullptr) return ir::no_match;
    operands.push_back(input == ir::kNoValue ? Value() : Value(*graph.constant(input)));
  }
  if (operands[0].tensor().count() > run.options().fold_bytes / 4) return ir::no_match;
  std::vector<const Value*> pointers;
  for (const Value& operand : operands) pointers.push_back(operand.is_none() ? nullptr : &operand);
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], patch.constant(evaluate(node.op, pointers, {}).at(0).tensor()));
  return patch;
}

ir::Outcome dequantize(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<DequantizeLinear>();
  if (op == nullptr) return ir::no_match;
  if (is_table(graph, node) && has_rows_taken(graph, node)) return ir::no_match;  // gather_first's
  auto known = known_weights(graph, node, run);
  if (!std::holds_alternative<ir::NoMatch>(known)) return known;
  const DType from = graph.fact(node.inputs[0]).dtype();
  if (op->to != DType::kF32 || graph.fact(node.inputs[1]).dtype() != DType::kF32 || op->block != 0 ||
      !(is_small_int(from) || from == DType::kI32)) {
    return ir::refused("quantised in blocks, or not from integers to f32");
  }
  ir::Patch patch(graph);
  const auto parameters = parameters_of(patch, node, op->axis);
  if (!parameters) return ir::refused("the shapes of scales are not known");
  const ValueId x = centred(patch, node.inputs[0], parameters->zero);
  patch.replace(node.outputs[0], patch.add(Binary{BinaryFn::kMul}, {x, parameters->scale}));
  return patch;
}

ir::Outcome dynamic(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<DynamicQuantizeLinear>()) return ir::no_match;
  ir::Patch patch(graph);
  const ValueId x = node.inputs[0];
  const auto number = [&](float value) { return patch.constant(Tensor::scalar(value)); };
  const auto binary = [&](BinaryFn fn, ValueId a, ValueId b) { return patch.add(Binary{fn}, {a, b}); };
  const auto extreme = [&](ReduceFn reduce, BinaryFn with_zero) {
    return binary(with_zero, patch.add(Reduce{reduce, {}, false}, {x}), number(0));
  };
  const ValueId low = extreme(ReduceFn::kMin, BinaryFn::kMin), high = extreme(ReduceFn::kMax, BinaryFn::kMax);
  const ValueId share = binary(BinaryFn::kDiv, binary(BinaryFn::kSub, high, low), number(255));
  // All zeros: any scale represents them; 1 keeps the division defined.
  const ValueId scale = patch.add(Where{}, {binary(BinaryFn::kEqual, high, low), number(1), share});
  const ValueId shift = binary(BinaryFn::kDiv, patch.add(Unary{UnaryFn::kNeg}, {low}), scale);
  const ValueId zero = rounded(patch, shift, ir::kNoValue, DType::kU8);
  patch.replace(node.outputs[0],
                patch.add(Cast{DType::kU8}, {rounded(patch, binary(BinaryFn::kDiv, x, scale), zero, DType::kU8)}));
  patch.replace(node.outputs[1], scale);
  patch.replace(node.outputs[2], patch.add(Cast{DType::kU8}, {zero}));
  return patch;
}

// Whether other operators than casts read the value: where products take integers, it is stored as them anyway.
bool is_stored(const ir::Graph& graph, ValueId id, const PassRun& run) {
  const auto& users = graph.users(id);
  return run.target().integer_products &&
         std::any_of(users.begin(), users.end(), [&](ir::NodeId user) { return !graph.node(user).op.is<Cast>(); });
}

ir::Outcome cast_back(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* outer = node.op.as<Cast>();
  if (outer == nullptr || outer->to != DType::kF32) return ir::no_match;
  const auto inner = producer_as<Cast>(graph, node.inputs[0]);
  if (!inner || !is_rounded(graph, inner.input(0), inner.op->to)) return ir::no_match;
  if (is_stored(graph, node.inputs[0], run)) return ir::no_match;
  ir::Patch patch(graph);
  patch.replace(node.outputs[0], inner.input(0));
  return patch;
}

// Maxima and the like of rounded numbers are taken before the cast to integers, which then meets its way back.
ir::Outcome cast_after(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (!takes_elements(node.op)) return ir::no_match;
  const auto cast = producer_as<Cast>(graph, node.inputs[0]);
  if (!cast || !is_rounded(graph, cast.input(0), cast.op->to)) return ir::no_match;
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = cast.input(0);
  patch.replace(node.outputs[0], patch.add(*cast.op, {patch.add(node.op, std::move(inputs))}));
  return patch;
}

}  // namespace

Pass expand_quantization() {
  return {"expand_quantization",
          "No quantisation of f32 to small integers and none back that is an operator of its own: both are pointwise "
          "arithmetic in f32, without the integers between them where the numbers are the same; constant weights are "
          "taken back once.",
          "After the portable graph, which keeps the quantised model; before layouts and fusion, which then see plain "
          "arithmetic.",
          {{"gather_first", gather_first},
           {"quantize", quantize},
           {"dequantize", dequantize},
           {"dynamic", dynamic},
           {"cast_after", cast_after},
           {"cast_back", cast_back}}};
}

}  // namespace ingot::passes
