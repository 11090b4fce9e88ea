// Products of quantised integers, computed in f32: where no kernel multiplies them as they are. f32 holds these
// sums exactly up to 2^24 and within its rounding beyond.
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "ops/matmul_nbits.h"
#include "ops/reshape.h"
#include "passes/integer_weights.h"
#include "passes/passes.h"
#include "passes/quantized_floats.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::ValueId;

// Sums of integers up to here have an f32 of their own.
constexpr int64_t kExactSum = 1 << 24;
constexpr int64_t kMaxWidenedBytes = int64_t{512} << 20;

// Parameters of the left operand: one number, or [m] for the rows, as [m, 1].
ValueId row_parameter(ir::Patch& patch, ValueId parameter) {
  if (parameter == ir::kNoValue) return parameter;
  const Fact& fact = patch.fact(parameter);
  const ValueId floats = as_f32(patch, parameter);
  if (!fact.has_rank() || fact.rank() != 1 || fact.shape->front() == Dim(1)) return floats;
  const DimShape shape{fact.shape->front(), Dim(1)};
  if (!fact.shape->front().constant()) return ir::kNoValue;
  return patch.add(Reshape{shape}, {floats});
}

// The float product of a MatMulInteger or QLinearMatMul whose operands and zero points stand at these inputs.
struct MatrixOperands {
  size_t a, a_zero, b, b_zero;
};
const char* refuse_matrices(const ir::Graph& graph, const ir::Node& node, const MatrixOperands& at) {
  const Fact &a = graph.fact(node.inputs[at.a]), &b = graph.fact(node.inputs[at.b]);
  if (!a.has_rank() || !b.has_rank()) return "the ranks of the matrices are not known";
  if (a.rank() < 2 || b.rank() < 2) return "a vector times a matrix";
  if (!is_int(a.dtype()) || !is_int(b.dtype())) return "a product of 8-bit floats";
  const ValueId zero = input_or_none(node, at.a_zero);
  if (zero != ir::kNoValue && !graph.fact(zero).has_rank()) return "the shapes of zero points are not known";
  return nullptr;
}
ValueId float_product(ir::Patch& patch, const ir::Node& node, const MatrixOperands& at) {
  const ValueId b_zero = input_or_none(node, at.b_zero);
  const ValueId a = centred(patch, node.inputs[at.a], row_parameter(patch, input_or_none(node, at.a_zero)));
  const ValueId b = centred(patch, node.inputs[at.b], b_zero == ir::kNoValue ? b_zero : as_f32(patch, b_zero));
  return patch.add(MatMul{}, {a, b});
}

// x and filters minus their zero points; kNoValue when shapes are not known.
struct ConvOperands {
  ValueId x, w;
};
std::optional<ConvOperands> conv_operands(ir::Patch& patch, ValueId x, ValueId x_zero, ValueId w, ValueId w_zero) {
  const auto minus = [&](ValueId operand, ValueId zero, int64_t axis) {
    if (zero == ir::kNoValue) return centred(patch, operand, zero);
    const Fact& fact = patch.fact(operand);
    const ValueId spread = fact.has_rank() ? spread_parameter(patch, zero, fact.rank(), axis) : ir::kNoValue;
    return spread == ir::kNoValue ? ir::kNoValue : centred(patch, operand, spread);
  };
  const ConvOperands result{minus(x, x_zero, 1), minus(w, w_zero, 0)};
  if (result.x == ir::kNoValue || result.w == ir::kNoValue) return std::nullopt;
  return result;
}

bool is_cast_to_f32(const ir::Graph& graph, ir::NodeId id) {
  const auto* cast = graph.node(id).op.as<Cast>();
  return cast != nullptr && cast->to == DType::kF32;
}

// Patches the readers of integer sums `y` that turn them to f32, at once or after adding a bias; false when there are
// others.
bool replace_casts(const ir::Graph& graph, ValueId y, ir::Patch& patch, ValueId sums, bool biased = false) {
  if (graph.is_output(y)) return false;
  for (const ir::NodeId user : graph.users(y)) {
    const ir::Node& reader = graph.node(user);
    if (is_cast_to_f32(graph, user)) {
      patch.replace(reader.outputs[0], sums);
      continue;
    }
    const auto* add = reader.op.as<Binary>();
    if (biased || add == nullptr || add->fn != BinaryFn::kAdd || reader.inputs[0] == reader.inputs[1]) return false;
    const ValueId other = reader.inputs[reader.inputs[0] == y ? 1 : 0];
    const ValueId sum = patch.add(*add, {sums, as_f32(patch, other)});
    if (!replace_casts(graph, reader.outputs[0], patch, sum, true)) return false;
  }
  return true;
}

// Hands the float sums to the readers of the integer sums: to casts to f32 as they are, else as integers where that is
// exact. `terms` is the number of products in a sum, -1 when it is not known. `make` adds the sums to a patch.
template <class Make> ir::Outcome replace_sums(const ir::Graph& graph, const ir::Node& node, int64_t terms, Make make) {
  const ValueId y = node.outputs[0];
  ir::Patch floats(graph);
  if (replace_casts(graph, y, floats, make(floats))) return floats;
  if (terms < 0 || terms * 255 * 255 > kExactSum) {
    return ir::refused("the sums are needed as integers, and f32 may not hold them exactly");
  }
  ir::Patch integers(graph);
  integers.replace(y, integers.add(Cast{DType::kI32}, {make(integers)}));
  return integers;
}

ir::Outcome matmul_integer(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<MatMulInteger>() || has_integer_kernel(graph, node, run.target())) return ir::no_match;
  const MatrixOperands at{0, 2, 1, 3};
  if (const char* reason = refuse_matrices(graph, node, at)) return ir::refused(reason);
  const auto terms = graph.fact(node.inputs[1]).shape->rbegin()[1].constant();
  return replace_sums(graph, node, terms.value_or(-1),
                      [&](ir::Patch& patch) { return float_product(patch, node, at); });
}

ir::Outcome conv_integer(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<ConvInteger>();
  if (op == nullptr || has_integer_kernel(graph, node, run.target())) return ir::no_match;
  const auto operands_in = [&](ir::Patch& patch) {
    return conv_operands(patch, node.inputs[0], input_or_none(node, 2), node.inputs[1], input_or_none(node, 3));
  };
  ir::Patch trial(graph);
  if (!operands_in(trial)) return ir::refused("the shapes of zero points are not known");
  const auto filters = constant_shape(graph.fact(node.inputs[1]).shape.value_or(DimShape{}));
  const int64_t terms =
      filters && !filters->empty() && filters->at(0) > 0 ? element_count(*filters) / filters->at(0) : -1;
  return replace_sums(graph, node, terms, [&](ir::Patch& patch) {
    const auto operands = operands_in(patch);
    return patch.add(conv_of(*op), {operands->x, operands->w});
  });
}

// quantize(sums * (scale of x * scale of w / scale of y)).
void replace_by_quantized(ir::Patch& patch, const ir::Node& node, ValueId sums, ValueId x_scale, ValueId w_scale,
                          ValueId y_scale, ValueId y_zero, DType to) {
  const auto binary = [&](BinaryFn fn, ValueId a, ValueId b) { return patch.add(Binary{fn}, {a, b}); };
  const ValueId factor = binary(BinaryFn::kDiv, binary(BinaryFn::kMul, x_scale, w_scale), y_scale);
  patch.replace(node.outputs[0],
                patch.add(Cast{to}, {rounded(patch, binary(BinaryFn::kMul, sums, factor), y_zero, to)}));
}

bool all_f32(const ir::Graph& graph, const ir::Node& node, std::initializer_list<size_t> inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [&](size_t i) { return graph.fact(node.inputs[i]).dtype() == DType::kF32; });
}

// Where kernels multiply integers, the product is left to them, or to the rules above.
ValueId integer_sums(ir::Patch& patch, Op op, const ir::Node& node, const MatrixOperands& at) {
  const ValueId sums =
      patch.add(std::move(op), {node.inputs[at.a], node.inputs[at.b], node.inputs[at.a_zero], node.inputs[at.b_zero]});
  return patch.add(Cast{DType::kF32}, {sums});
}

ir::Outcome qlinear_matmul(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  if (!node.op.is<QLinearMatMul>()) return ir::no_match;
  const MatrixOperands at{0, 2, 3, 5};
  if (const char* reason = refuse_matrices(graph, node, at)) return ir::refused(reason);
  if (!all_f32(graph, node, {1, 4, 6})) return ir::refused("scales of another type than f32");
  for (const size_t i : {1, 6, 7}) {
    if (!graph.fact(node.inputs[i]).has_rank()) return ir::refused("the shapes of scales are not known");
  }
  const DType to = graph.fact(node.inputs[7]).dtype();
  if (!is_int(to)) return ir::refused("a product of 8-bit floats");
  ir::Patch patch(graph);
  const ValueId sums =
      run.target().integer_products ? integer_sums(patch, MatMulInteger{}, node, at) : float_product(patch, node, at);
  const auto row = [&](size_t i) { return row_parameter(patch, node.inputs[i]); };
  const ValueId x_scale = row(1), y_scale = row(6), y_zero = row(7);
  if (x_scale == ir::kNoValue || y_scale == ir::kNoValue || y_zero == ir::kNoValue) {
    return ir::refused("the number of rows with scales of their own is not known");
  }
  replace_by_quantized(patch, node, sums, x_scale, node.inputs[4], y_scale, y_zero, to);
  return patch;
}

// The sums of a QLinearConv with its bias, kNoValue when shapes are not known. Channels are axis `channels`.
ValueId integer_conv_sums(ir::Patch& patch, const QLinearConv& op, const ir::Node& node, int64_t rank,
                          int64_t channels) {
  ConvInteger fields{op.group, op.strides, op.dilations, op.pads, op.auto_pad, op.channels_last, {}};
  const ValueId sums = integer_sums(patch, std::move(fields), node, {0, 2, 3, 5}), bias = input_or_none(node, 8);
  if (bias == ir::kNoValue) return sums;
  const ValueId spread = spread_parameter(patch, bias, rank, channels);
  return spread == ir::kNoValue ? spread : patch.add(Binary{BinaryFn::kAdd}, {sums, spread});
}

ValueId float_conv_sums(ir::Patch& patch, const QLinearConv& op, const ir::Node& node) {
  const auto operands = conv_operands(patch, node.inputs[0], node.inputs[2], node.inputs[3], node.inputs[5]);
  if (!operands) return ir::kNoValue;
  std::vector<ValueId> inputs{operands->x, operands->w};
  if (const ValueId bias = input_or_none(node, 8); bias != ir::kNoValue) inputs.push_back(as_f32(patch, bias));
  return patch.add(conv_of(op), std::move(inputs));
}

ir::Outcome qlinear_conv(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<QLinearConv>();
  if (op == nullptr) return ir::no_match;
  if (!all_f32(graph, node, {1, 4, 6})) return ir::refused("scales of another type than f32");
  const Fact& y = graph.fact(node.outputs[0]);
  if (!y.has_rank()) return ir::refused("the rank is not known");
  ir::Patch patch(graph);
  const int64_t channels = op->channels_last ? y.rank() - 1 : 1;
  const auto spread = [&](size_t i) { return spread_parameter(patch, node.inputs[i], y.rank(), channels); };
  const ValueId sums = run.target().integer_products ? integer_conv_sums(patch, *op, node, y.rank(), channels)
                                                     : float_conv_sums(patch, *op, node);
  const ValueId x_scale = spread(1), w_scale = spread(4), y_scale = spread(6), y_zero = spread(7);
  if (sums == ir::kNoValue || x_scale == ir::kNoValue || w_scale == ir::kNoValue || y_scale == ir::kNoValue ||
      y_zero == ir::kNoValue) {
    return ir::refused("the shapes of scales are not known");
  }
  replace_by_quantized(patch, node, sums, x_scale, w_scale, y_scale, y_zero, y.dtype());
  return patch;
}

ir::Outcome matmul_nbits(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<MatMulNBits>();
  if (op == nullptr) return ir::no_match;
  if (graph.fact(node.inputs[0]).dtype() != DType::kF32) return ir::refused("a product of another type than f32");
  if (!graph.fact(node.inputs[0]).has_rank()) return ir::refused("the rank is not known");
  if (op->k * op->n > kMaxWidenedBytes / 4) return ir::refused("the weights in f32 would be too large");
  const auto constant = [&](size_t i) {
    const ValueId input = input_or_none(node, i);
    return input == ir::kNoValue ? nullptr : graph.constant(input);
  };
  const auto is_known = [&](size_t i) { return input_or_none(node, i) == ir::kNoValue || constant(i) != nullptr; };
  if (!is_known(1) || !is_known(2) || !is_known(3) || !is_known(4)) return ir::refused("the weights are computed");
  ir::Patch patch(graph);
  const ValueId w = patch.constant(wide_weights(*op, {constant(1), constant(2), constant(3), constant(4)}));
  MatMul product;
  product.trans_b = true;
  std::vector<ValueId> inputs{node.inputs[0], w};
  if (const ValueId bias = input_or_none(node, 5); bias != ir::kNoValue) inputs.push_back(as_f32(patch, bias));
  patch.replace(node.outputs[0], patch.add(std::move(product), std::move(inputs)));
  return patch;
}

}  // namespace

Pass widen_integer_products() {
  return {"widen_integer_products",
          "No product of quantised integers whose sums f32 holds as well: matrix products and convolutions are those "
          "of f32, on operands less their zero points.",
          "With expand_quantization, whose arithmetic then meets the products without integers between.",
          {{"drop_weight_zero", drop_weight_zero},
           {"matmul_integer", matmul_integer},
           {"conv_integer", conv_integer},
           {"qlinear_matmul", qlinear_matmul},
           {"qlinear_conv", qlinear_conv},
           {"matmul_nbits", matmul_nbits}}};
}

}  // namespace ingot::passes
