// com.microsoft: the operators that ONNX Runtime's tools put in models.
#include "onnx/convert/microsoft.h"

#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "ops/fused.h"
#include "ops/inverse.h"
#include "ops/matmul.h"

namespace ingot::onnx {

Node node_like(const Conversion& c, const char* op_type, size_t outputs) {
  Node node = c.node();
  node.op_type = op_type;
  node.domain.clear();
  node.outputs.assign(outputs, "y");
  return node;
}

ir::ValueId emit_range_of(Conversion& c, ir::ValueId x, int64_t axis, int64_t first, int64_t last) {
  return emit_slice(c, x, c.ints({first}), c.ints({last}), c.ints({axis}));
}

ir::ValueId emit_activation(Conversion& c, ir::ValueId x, const std::string& name,
                            const std::vector<double>& parameters) {
  const auto parameter = [&](size_t i, double fallback) { return i < parameters.size() ? parameters[i] : fallback; };
  if (name.empty()) return x;
  if (name == "Relu") return emit_unary(c, UnaryFn::kRelu, x);
  if (name == "Tanh") return emit_unary(c, UnaryFn::kTanh, x);
  if (name == "Sigmoid") return emit_unary(c, UnaryFn::kSigmoid, x);
  if (name == "LeakyRelu") return c.add(Unary{UnaryFn::kLeakyRelu, parameter(0, 0.01), 0}, {x});
  if (name == "HardSigmoid") return c.add(Unary{UnaryFn::kHardSigmoid, parameter(0, 0.2), parameter(1, 0.5)}, {x});
  if (name == "HardSwish") return emit_unary(c, UnaryFn::kHardSwish, x);
  if (name == "Clip") {
    const ir::ValueId low = emit_scalar(c, BinaryFn::kMax, x, parameter(0, 0));
    return emit_scalar(c, BinaryFn::kMin, low, parameter(1, 0));
  }
  fail(Code::kUnsupported, "{} with activation '{}'", c.node().op_type, name);
}

namespace {

// x plus input 1, when there is one, through a function.
template <UnaryFn fn> void convert_biased(Conversion& c) {
  const ir::ValueId x = c.has(1) ? emit_binary(c, BinaryFn::kAdd, c.input(0), c.input(1)) : c.input(0);
  c.set_output(0, emit_unary(c, fn, x));
}

void convert_quick_gelu(Conversion& c) {
  c.set_output(0, c.add(Unary{UnaryFn::kSilu, c.get_float("alpha", 1.702f), 0}, {c.input(0)}));
}

// The first axis moved behind the other batch axes.
ir::ValueId batch_transposed(Conversion& c, ir::ValueId x, bool wanted) {
  if (!wanted) return x;
  const auto rank = static_cast<int64_t>(shape_of(c, x).size());
  std::vector<int64_t> permutation = axis_range(1, rank - 1);
  permutation.push_back(0);
  permutation.push_back(rank - 1);
  return emit_transpose(c, x, permutation);
}

void convert_fused_matmul(Conversion& c) {
  MatMul op;
  op.trans_a = c.get_int("transA", 0) != 0;
  op.trans_b = c.get_int("transB", 0) != 0;
  op.alpha = c.get_float("alpha", 1);
  const bool batch_a = c.get_int("transBatchA", 0) != 0, batch_b = c.get_int("transBatchB", 0) != 0;
  const auto is_vector = [&](size_t i) { return c.input_fact(i).has_rank() && c.input_fact(i).rank() == 1; };
  if (is_vector(0) || is_vector(1)) {
    const ir::ValueId y = c.convert_as(node_like(c, "MatMul"), 13, {c.input(0), c.input(1)})[0];
    return c.set_output(0, op.alpha == 1 ? y : emit_scalar(c, BinaryFn::kMul, y, op.alpha));
  }
  c.set_output(
      0, c.add(std::move(op), {batch_transposed(c, c.input(0), batch_a), batch_transposed(c, c.input(1), batch_b)}));
}

void convert_fused_conv(Conversion& c) {
  ir::ValueId y = c.convert_as(node_like(c, "Conv"), 11, {c.input(0), c.input(1), c.optional(2)})[0];
  if (c.has(3)) y = emit_binary(c, BinaryFn::kAdd, y, c.input(3));
  c.set_output(0, emit_activation(c, y, c.get_string("activation", ""), c.get_floats("activation_params")));
}

void convert_fused_gemm(Conversion& c) {
  const ir::ValueId y = c.convert_as(node_like(c, "Gemm"), 13, {c.input(0), c.input(1), c.optional(2)})[0];
  std::vector<double> parameters;
  if (c.has_attribute("activation_alpha")) parameters.push_back(c.get_float("activation_alpha", 0));
  if (c.has_attribute("activation_beta")) parameters.push_back(c.get_float("activation_beta", 0));
  c.set_output(0, emit_activation(c, y, c.get_string("activation", ""), parameters));
}

void convert_bias_split_gelu(Conversion& c) {
  const ir::ValueId x = emit_binary(c, BinaryFn::kAdd, c.input(0), c.input(1));
  const auto size = shape_of(c, x).back().constant();
  if (!size || *size % 2 != 0) fail(Code::kUnsupported, "BiasSplitGelu of {}", c.fact(x).text());
  const ir::ValueId left = emit_range_of(c, x, -1, 0, *size / 2), right = emit_range_of(c, x, -1, *size / 2, *size);
  c.set_output(0, emit_binary(c, BinaryFn::kMul, left, emit_unary(c, UnaryFn::kGelu, right)));
}

void convert_bias_add(Conversion& c) {
  c.set_output(0, emit_binary(c, BinaryFn::kAdd, emit_binary(c, BinaryFn::kAdd, c.input(0), c.input(1)), c.input(2)));
}

void convert_nhwc_conv(Conversion& c) {
  const int64_t rank = c.rank(0, "the channels are last");
  std::vector<int64_t> first{0, rank - 1}, last{0};
  for (int64_t axis = 1; axis < rank - 1; ++axis) first.push_back(axis);
  for (int64_t axis = 2; axis < rank; ++axis) last.push_back(axis);
  last.push_back(1);
  const ir::ValueId x = emit_transpose(c, c.input(0), first);
  c.set_output(0, emit_transpose(c, c.convert_as(node_like(c, "Conv"), 11, {x, c.input(1), c.optional(2)})[0], last));
}

void convert_inverse(Conversion& c) { c.set_output(0, c.add(Inverse{}, {c.input(0)})); }

// The ONNX operator of the same name at `opset`.
template <int64_t opset> void convert_same(Conversion& c) {
  const Node& node = c.node();
  c.set_outputs(c.convert_as(node, opset, c.inputs()));
}

void convert_unique(Conversion& c) {
  Node node = c.node();
  node.attributes.push_back({.name = "sorted", .type = Attribute::Type::kInt, .i = 0});
  node.outputs = {"y", "first", "inverse", "counts"};
  const auto outputs = c.convert_as(node, 11, {c.input(0)});
  c.set_output(0, outputs[0]);
  c.set_output(1, outputs[2]);
  c.set_output(2, outputs[3]);
}

constexpr const char* kMs = "com.microsoft";

constexpr Converter kTable[] = {
    {kMs, "Attention", convert_ms_attention},
    {kMs, "BiasAdd", convert_bias_add},
    {kMs, "BiasGelu", convert_biased<UnaryFn::kGelu>},
    {kMs, "BiasSplitGelu", convert_bias_split_gelu},
    {kMs, "DynamicQuantizeMatMul", convert_dynamic_quantize_matmul},
    {kMs, "EmbedLayerNormalization", convert_embed_layer_norm},
    {kMs, "FastGelu", convert_biased<UnaryFn::kGeluTanh>},
    {kMs, "FusedConv", convert_fused_conv},
    {kMs, "FusedGemm", convert_fused_gemm},
    {kMs, "FusedMatMul", convert_fused_matmul},
    {kMs, "GatherBlockQuantized", convert_gather_block_quantized},
    {kMs, "Gelu", convert_biased<UnaryFn::kGelu>},
    {kMs, "GridSample", convert_same<16>},
    {kMs, "GroupNorm", convert_ms_group_norm},
    {kMs, "GroupQueryAttention", convert_group_query_attention},
    {kMs, "Inverse", convert_inverse},
    {kMs, "MatMulIntegerToFloat", convert_matmul_integer_to_float},
    {kMs, "MatMulNBits", convert_matmul_nbits},
    {kMs, "MultiHeadAttention", convert_multi_head_attention},
    {kMs, "NhwcConv", convert_nhwc_conv},
    {kMs, "Pad", convert_same<13>},
    {kMs, "QAttention", convert_qattention},
    {kMs, "QEmbedLayerNormalization", convert_qembed_layer_norm},
    {kMs, "QGemm", convert_qgemm},
    {kMs, "QLinearAdd", convert_qlinear_add},
    {kMs, "QLinearAveragePool", convert_qlinear_average_pool},
    {kMs, "QLinearConcat", convert_qlinear_concat},
    {kMs, "QLinearGlobalAveragePool", convert_qlinear_global_average_pool},
    {kMs, "QLinearLeakyRelu", convert_qlinear_leaky_relu},
    {kMs, "QLinearMul", convert_qlinear_mul},
    {kMs, "QLinearSigmoid", convert_qlinear_sigmoid},
    {kMs, "QLinearSoftmax", convert_qlinear_softmax},
    {kMs, "QLinearWhere", convert_qlinear_where},
    {kMs, "QuickGelu", convert_quick_gelu},
    {kMs, "RotaryEmbedding", convert_ms_rotary_embedding},
    {kMs, "SkipGroupNorm", convert_skip_group_norm},
    {kMs, "SkipLayerNormalization", convert_skip_layer_norm},
    {kMs, "SkipSimplifiedLayerNormalization", convert_skip_rms_norm},
    {kMs, "SimplifiedLayerNormalization", convert_simplified_layer_norm},
    {kMs, "Trilu", convert_same<14>},
    {kMs, "Unique", convert_unique},
    // ONNX Runtime writes these into ONNX's own domain.
    {"", "SimplifiedLayerNormalization", convert_simplified_layer_norm},
};

}  // namespace

std::span<const Converter> microsoft_converters() { return kTable; }

}  // namespace ingot::onnx
