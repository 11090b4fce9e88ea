// Products of quantised numbers as products of the integers they are stored as: sums of integers are exact, so their
// f32 differs from that of the numbers taken back by the rounding of the latter's sums only.
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/eval.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "passes/integer_weights.h"
#include "passes/passes.h"
#include "passes/quantized_floats.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

// Data taken back from bytes with one scale.
struct Data {
  ValueId bytes, scale, zero;
};
std::optional<Data> quantized_data(const ir::Graph& graph, ValueId id) {
  const auto back = producer_as<DequantizeLinear>(graph, id);
  if (!back || back.op->block != 0 || back.op->to != DType::kF32) return std::nullopt;
  const Data data{back.input(0), back.input(1), back.input(2)};
  const DType type = graph.fact(data.bytes).dtype();
  const auto scale = constant_shape(graph.fact(data.scale).shape.value_or(DimShape{0}));
  if ((type != DType::kU8 && type != DType::kI8) || graph.fact(data.scale).dtype() != DType::kF32) return std::nullopt;
  if (!scale || element_count(*scale) != 1) return std::nullopt;
  return data;
}

// Constant weights taken back from bytes without a zero point, with one scale or one for each index of `axis`.
struct Weights {
  Tensor bytes, scale;  // scale: [] or [n]
};
std::optional<Weights> quantized_weights(const ir::Graph& graph, ValueId id, int64_t axis) {
  const auto back = producer_as<DequantizeLinear>(graph, id);
  if (!back || back.op->block != 0 || back.op->to != DType::kF32) return std::nullopt;
  const Tensor *bytes = graph.constant(back.input(0)), *scale = graph.constant(back.input(1));
  const Tensor* zero = back.input(2) == kNoValue ? nullptr : graph.constant(back.input(2));
  if (bytes == nullptr || scale == nullptr || (back.input(2) != kNoValue && zero == nullptr)) return std::nullopt;
  const int64_t scaled = back.op->axis < 0 ? back.op->axis + bytes->rank() : back.op->axis;
  if (scale->dtype() != DType::kF32 || (scale->count() != 1 && scaled != axis)) return std::nullopt;
  Weights weights{centred_weights(*bytes, zero), *scale};
  if (!weights.bytes.defined()) return std::nullopt;
  if (scale->count() == 1) weights.scale = scale->reshaped({});
  return weights;
}

// The sums in f32, times both scales, plus the bias; scale and bias of columns have `after` axes behind them.
ValueId scaled_sums(ir::Patch& patch, ValueId sums, const Data& data, const Weights& weights, ValueId bias,
                    int64_t after) {
  const auto spread = [&](Shape shape) {
    if (!shape.empty()) shape.insert(shape.end(), static_cast<size_t>(after), 1);
    return shape;
  };
  const auto binary = [&](BinaryFn fn, ValueId a, ValueId b) { return patch.add(Binary{fn}, {a, b}); };
  const ValueId one = patch.add(Reshape{DimShape{}}, {data.scale});
  const ValueId scale =
      binary(BinaryFn::kMul, one, patch.constant(weights.scale.reshaped(spread(weights.scale.shape()))));
  const ValueId scaled = binary(BinaryFn::kMul, patch.add(Cast{DType::kF32}, {sums}), scale);
  if (bias == kNoValue) return scaled;
  if (after == 0) return binary(BinaryFn::kAdd, scaled, bias);
  DimShape shape = *patch.fact(bias).shape;
  shape.insert(shape.end(), static_cast<size_t>(after), Dim(1));
  return binary(BinaryFn::kAdd, scaled, patch.add(Reshape{shape}, {bias}));
}

ir::Outcome dequantized_matmul(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<MatMul>();
  if (op == nullptr || !run.target().integer_products) return ir::no_match;
  const auto data = quantized_data(graph, node.inputs[0]);
  const auto weights = quantized_weights(graph, node.inputs[1], op->trans_b ? 0 : 1);
  if (!data || !weights) return ir::no_match;
  if (weights->bytes.rank() != 2 || op->trans_a || op->alpha != 1) return ir::refused("no plain product of rows");
  ir::Patch patch(graph);
  Tensor b = weights->bytes;
  if (op->trans_b) {
    const Value turned = b;
    const Value* inputs[] = {&turned};
    b = evaluate(Transpose{{1, 0}}, inputs, {}).at(0).tensor();
  }
  const ValueId sums = patch.add(MatMulInteger{}, {data->bytes, patch.constant(std::move(b)), data->zero});
  patch.replace(node.outputs[0], scaled_sums(patch, sums, *data, *weights, input_or_none(node, 2), 0));
  return patch;
}

ir::Outcome dequantized_conv(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Conv>();
  if (op == nullptr || !run.target().integer_products || op->channels_last) return ir::no_match;
  const auto data = quantized_data(graph, node.inputs[0]);
  const auto weights = quantized_weights(graph, node.inputs[1], 0);
  if (!data || !weights) return ir::no_match;
  const ValueId bias = input_or_none(node, 2);
  if (!has_integer_form(weights->bytes.shape(), op->group)) return ir::refused("few channels in a group");
  if (bias != kNoValue && !graph.fact(bias).has_rank()) return ir::refused("the shape of the bias is not known");
  ConvInteger fields{op->group, op->strides, op->dilations, op->pads, op->auto_pad, false, {}};
  ir::Patch patch(graph);
  const int64_t spatial = weights->bytes.rank() - 2;
  const ValueId sums = patch.add(std::move(fields), {data->bytes, patch.constant(weights->bytes), data->zero});
  patch.replace(node.outputs[0], scaled_sums(patch, sums, *data, *weights, bias, spatial));
  return patch;
}

}  // namespace

Pass integer_products() {
  return {"integer_products",
          "Where kernels multiply integers of 8 bits, products of quantised numbers are products of integers: their "
          "scales and biases follow in f32.",
          "Before expand_quantization, which writes the numbers out in f32.",
          {{"dequantized_matmul", dequantized_matmul}, {"dequantized_conv", dequantized_conv}}};
}

}  // namespace ingot::passes
