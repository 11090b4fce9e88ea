// Scales and biases per channel, batch normalisation above all, go into the weights of what they follow.
#include "ops/conv.h"
#include "ops/matmul.h"
#include "passes/passes.h"
#include "passes/per_channel.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

// A pointwise product or sum of a computed value with a constant.
struct Affine {
  BinaryFn fn;
  ValueId x;
  const Tensor* constant;
};
std::optional<Affine> affine_at(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Binary>();
  if (op == nullptr || (op->fn != BinaryFn::kMul && op->fn != BinaryFn::kAdd)) return std::nullopt;
  for (const size_t i : {1, 0}) {
    const Tensor* constant = graph.constant(node.inputs[i]);
    if (constant != nullptr && graph.constant(node.inputs[1 - i]) == nullptr) {
      return Affine{op->fn, node.inputs[1 - i], constant};
    }
  }
  return std::nullopt;
}

std::vector<double> numbers(const ir::Graph& graph, ValueId id, int64_t count) {
  if (id == kNoValue) return std::vector<double>(static_cast<size_t>(count), 0.0);
  return to_doubles(*graph.constant(id));
}

ir::Outcome after_conv(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const auto affine = affine_at(graph, id);
  if (!affine) return ir::no_match;
  const auto conv = producer_as<Conv>(graph, affine->x);
  if (!conv) return ir::no_match;
  const ValueId w = conv.input(1), bias = conv.input(2);
  const Fact& result = graph.fact(affine->x);
  if (!conv.op->epilogue.empty()) return ir::refused("the convolution has an epilogue");
  if (graph.sole_user(affine->x) != id) return ir::refused("the convolution's result is used elsewhere");
  if (graph.constant(w) == nullptr || (bias != kNoValue && graph.constant(bias) == nullptr)) {
    return ir::refused("the weights are not constant");
  }
  const Tensor& weights = *graph.constant(w);
  const int64_t m = weights.dim(0), channel = conv.op->channels_last ? result.rank() - 1 : 1;
  const auto values = per_channel(*affine->constant, result.rank(), channel, m);
  if (!values) return ir::refused("the constant is not one number per channel");
  auto biases = numbers(graph, bias, m);
  ir::Patch patch(graph);
  ValueId new_weights = w;
  if (affine->fn == BinaryFn::kMul) new_weights = patch.constant(scale_axis(weights, 0, *values));
  for (size_t i = 0; i < biases.size(); ++i) {
    biases[i] = affine->fn == BinaryFn::kMul ? biases[i] * (*values)[i] : biases[i] + (*values)[i];
  }
  const bool no_bias = bias == kNoValue && affine->fn == BinaryFn::kMul;
  const ValueId new_bias = no_bias ? kNoValue : patch.constant(vector_of(weights.dtype(), biases));
  patch.replace(graph.node(id).outputs[0], patch.add(conv.node->op, {conv.input(0), new_weights, new_bias}));
  return patch;
}

// conv(x * c): the factor of every input channel goes into the filters that read it. Padding adds zeros, which no
// factor changes.
ir::Outcome before_conv(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* conv = node.op.as<Conv>();
  if (conv == nullptr) return ir::no_match;
  const auto mul = producer_as<Binary>(graph, node.inputs[0]);
  if (!mul || mul.op->fn != BinaryFn::kMul || graph.constant(mul.input(1)) == nullptr) return ir::no_match;
  if (graph.sole_user(node.inputs[0]) != id) return ir::refused("the product is used elsewhere");
  if (graph.constant(node.inputs[1]) == nullptr) return ir::refused("the weights are not constant");
  const Tensor& weights = *graph.constant(node.inputs[1]);
  if (weights.count() == 0) return ir::refused("the filters have no elements");
  const Fact& x = graph.fact(node.inputs[0]);
  if (!same_shape(x, graph.fact(mul.input(0)))) return ir::refused("the factor broadcasts the data");
  const int64_t group_c = weights.dim(1), channel = conv->channels_last ? x.rank() - 1 : 1;
  const auto factors = per_channel(*graph.constant(mul.input(1)), x.rank(), channel, group_c * conv->group);
  if (!factors) return ir::refused("the constant is not one number per channel");
  Tensor scaled = weights.clone();
  const int64_t per_filter = weights.count() / weights.dim(0), kernel = per_filter / group_c;
  const int64_t group_m = weights.dim(0) / conv->group;
  for (int64_t i = 0; i < weights.count(); ++i) {
    const int64_t c = i / per_filter / group_m * group_c + i % per_filter / kernel;
    write_double(scaled, i, read_double(weights, i) * (*factors)[static_cast<size_t>(c)]);
  }
  auto inputs = node.inputs;
  inputs[0] = mul.input(0);
  ir::Patch patch(graph);
  inputs[1] = patch.constant(std::move(scaled));
  patch.replace(node.outputs[0], patch.add(node.op, std::move(inputs)));
  return patch;
}

// A constant whose only axis longer than 1 is the last, as a vector or scalar.
std::optional<Tensor> as_row(const Tensor& constant, int64_t rank, int64_t columns) {
  const auto values = per_channel(constant, rank, rank - 1, columns);
  if (!values) return std::nullopt;
  return vector_of(constant.dtype(), *values);
}

ir::Outcome after_matmul(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const auto affine = affine_at(graph, id);
  if (!affine) return ir::no_match;
  const auto matmul = producer_as<MatMul>(graph, affine->x);
  if (!matmul) return ir::no_match;
  const Fact& result = graph.fact(affine->x);
  if (!result.shape || !result.shape->back().is_constant()) return ir::refused("the number of columns is not known");
  if (!matmul.op->epilogue.empty()) return ir::refused("the product has an epilogue");
  if (graph.sole_user(affine->x) != id) return ir::refused("the product is used elsewhere");
  const ValueId b = matmul.input(1), bias = matmul.input(2);
  const int64_t columns = *result.shape->back().constant();
  const auto row = as_row(*affine->constant, result.rank(), columns);
  if (!row) return ir::refused("the constant is not one number per column");
  ir::Patch patch(graph);
  MatMul fields = *matmul.op;
  ValueId new_b = b, new_bias = bias;
  if (affine->fn == BinaryFn::kMul) {
    const auto scale = to_doubles(*row);
    if (bias != kNoValue) new_bias = patch.add(Binary{BinaryFn::kMul}, {bias, patch.constant(*row)});
    if (graph.constant(b) != nullptr) {
      const int64_t axis = graph.fact(b).rank() - (fields.trans_b ? 2 : 1);
      new_b = patch.constant(scale_axis(*graph.constant(b), axis, scale));
    } else if (ir::splat_value(&*row)) {
      fields.alpha *= scale[0];
    } else {
      return ir::refused("neither matrix is constant");
    }
  } else {
    if (bias != kNoValue && graph.constant(bias) == nullptr) return ir::refused("the bias is not constant");
    const ValueId more = patch.constant(*row);
    new_bias = bias == kNoValue ? more : patch.add(Binary{BinaryFn::kAdd}, {bias, more});
  }
  patch.replace(graph.node(id).outputs[0], patch.add(std::move(fields), {matmul.input(0), new_b, new_bias}));
  return patch;
}

// (x * c) y with one number c: into alpha, or into y when that is constant.
ir::Outcome before_matmul(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* matmul = node.op.as<MatMul>();
  if (matmul == nullptr) return ir::no_match;
  for (const size_t side : {0, 1}) {
    const auto mul = producer_as<Binary>(graph, node.inputs[side]);
    if (!mul || mul.op->fn != BinaryFn::kMul) continue;
    const auto factor = ir::splat_value(graph.constant(mul.input(1)));
    if (!factor || graph.constant(mul.input(0)) != nullptr) continue;
    if (!same_shape(graph.fact(mul.input(0)), graph.fact(node.inputs[side]))) continue;
    if (graph.sole_user(node.inputs[side]) != id) return ir::refused("the product is used elsewhere");
    auto inputs = node.inputs;
    inputs[side] = mul.input(0);
    MatMul fields = *matmul;
    ir::Patch patch(graph);
    if (const Tensor* other = graph.constant(node.inputs[1 - side])) {
      inputs[1 - side] = patch.constant(scale_axis(*other, other->rank() - 1, {*factor}));
    } else {
      fields.alpha *= *factor;
    }
    patch.replace(node.outputs[0], patch.add(std::move(fields), std::move(inputs)));
    return patch;
  }
  return ir::no_match;
}

}  // namespace

Pass fold_affine() {
  return {"fold_affine",
          "No product or sum with constants per channel directly before or after a convolution or matrix product of "
          "constant weights.",
          "After simplify_arithmetic, which leaves products and sums only; before fusion, which would compute them.",
          {{"after_conv", after_conv},
           {"before_conv", before_conv},
           {"after_matmul", after_matmul},
           {"before_matmul", before_matmul}}};
}

}  // namespace ingot::passes
