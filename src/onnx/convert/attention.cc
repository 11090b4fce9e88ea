// Attention, rotary embedding, and the operators around state-space and linear attention.
#include "ops/attention.h"

#include <cmath>

#include "ir/bodies.h"
#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/expand.h"
#include "ops/fused.h"
#include "ops/linear_attention.h"
#include "ops/matmul.h"
#include "ops/rotary_embedding.h"
#include "ops/slice.h"
#include "ops/softmax.h"

namespace ingot::onnx {
namespace {

void convert_attention(Conversion& c) {
  Attention attention;
  attention.q_heads = c.get_int("q_num_heads", 0);
  attention.kv_heads = c.get_int("kv_num_heads", 0);
  attention.scale = c.get_float("scale", 0);
  attention.softcap = c.get_float("softcap", 0);
  attention.causal = c.get_int("is_causal", 0) != 0;
  attention.unseen_is_zero = true;
  const int64_t stage = c.get_int("qk_matmul_output_mode", 0);
  if (stage < 0 || stage > 3) fail(Code::kInvalidModel, "qk_matmul_output_mode {}", stage);
  attention.scores = static_cast<AttentionScores>(stage);
  for (size_t i = 1; i < 4; ++i) {
    if (c.has_output(i)) attention.output_count = static_cast<int64_t>(i) + 1;
  }
  std::vector<ir::ValueId> inputs{c.input(0), c.input(1), c.input(2)};
  for (size_t i = 3; i < 7; ++i) inputs.push_back(c.optional(i));
  c.set_outputs(c.add_node(attention, std::move(inputs)));
}

void convert_rotary_embedding(Conversion& c) {
  const RotaryEmbedding rotary{c.get_int("num_heads", 0), c.get_int("rotary_embedding_dim", 0),
                               c.get_int("interleaved", 0) != 0};
  c.set_output(0, c.add(rotary, {c.input(0), c.input(1), c.input(2), c.optional(3)}));
}

void convert_linear_attention(Conversion& c) {
  const LinearAttention attention{get_enum<LinearAttentionRule>(c, "update_rule", "gated_delta"),
                                  c.get_int("q_num_heads", 0), c.get_int("kv_num_heads", 0), c.get_float("scale", 0)};
  std::vector<ir::ValueId> inputs{c.input(0), c.input(1), c.input(2)};
  for (size_t i = 3; i < 6; ++i) inputs.push_back(c.optional(i));
  c.set_outputs(c.add_node(attention, std::move(inputs)));
}

// The k - 1 elements before the input are the past state, or zeros; what a next call needs is their successor.
void convert_causal_conv(Conversion& c) {
  const DimShape x = shape_of(c, c.input(0)), w = shape_of(c, c.input(1));
  if (x.size() != 3 || w.size() != 3) {
    fail(Code::kInvalidModel, "CausalConvWithState of {} with weights {}", dims_text(x), dims_text(w));
  }
  const auto channels = w[0].constant();
  if (!channels) fail(Code::kUnsupported, "CausalConvWithState with {} channels", w[0].text());
  const Dim kept = w[2] - 1;
  ir::ValueId past = c.optional(3);
  if (past == ir::kNoValue) {
    past = c.add(Expand{{x[0], x[1], kept}}, {c.scalar(0, c.input_fact(0).dtype())});
  }
  const ir::ValueId padded = c.add(Concat{2}, {past, c.input(0)});
  Conv conv;
  conv.group = *channels;
  ir::ValueId y = c.add(std::move(conv), {padded, c.input(1), c.optional(2)});
  const std::string activation = c.get_string("activation", "none");
  if (activation == "silu" || activation == "swish") {
    y = c.add(Unary{UnaryFn::kSilu, 1}, {y});
  } else if (activation != "none") {
    fail(Code::kInvalidModel, "CausalConvWithState with activation \"{}\"", activation);
  }
  c.set_output(0, y);
  const Dim length = shape_of(c, padded)[2];
  if (c.has_output(1)) c.set_output(1, c.add(Slice{{length - kept}, {length}, {2}, {1}}, {padded}));
}

// A modifier subgraph of FlexAttention, inlined; `x` itself without one.
ir::ValueId modified(Conversion& c, const char* name, ir::ValueId x) {
  if (!c.has_attribute(name)) return x;
  std::vector<ir::ValueId> inputs{x}, captures;
  c.body(name, {Fact(c.fact(x).dtype(), c.fact(x).shape)}, captures);
  ir::Graph body = std::move(*c.graph().bodies().back());
  c.graph().bodies().pop_back();
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  const auto outputs = ir::inline_body(c.graph(), std::move(body), inputs, {c.node().name});
  if (outputs.size() != 1) fail(Code::kInvalidModel, "{} of FlexAttention has {} outputs", name, outputs.size());
  return outputs[0];
}

// [b, h, t, d] -> [b, h * times, t, d], every head `times` times in a row.
ir::ValueId repeated_heads(Conversion& c, ir::ValueId x, int64_t times) {
  if (times == 1) return x;
  const DimShape shape = shape_of(c, x);
  const ir::ValueId split = emit_reshape(c, x, {shape[0], shape[1], 1, shape[2], shape[3]});
  const ir::ValueId expanded = c.add(Expand{{shape[0], shape[1], times, shape[2], shape[3]}}, {split});
  return emit_reshape(c, expanded, {shape[0], shape[1] * times, shape[2], shape[3]});
}

// Scores and probabilities are computed in softmax_precision, f32 at least, and pass through the modifiers.
void convert_flex_attention(Conversion& c) {
  const DType own = c.input_fact(0).dtype();
  const DType dtype = c.get_dtype("softmax_precision", dtype_bits(own) < 32 ? DType::kF32 : own);
  for (size_t i = 0; i < 3; ++i) {
    if (shape_of(c, c.input(i)).size() != 4) {
      fail(Code::kInvalidModel, "FlexAttention takes operands of rank 4, got {}", c.input_fact(i).text());
    }
  }
  const auto size = shape_of(c, c.input(0))[3].constant();
  const auto heads = shape_of(c, c.input(0))[1].constant(), kv_heads = shape_of(c, c.input(1))[1].constant();
  if (!heads || !kv_heads || !size) fail(Code::kUnsupported, "FlexAttention with symbolic heads");
  if (*kv_heads < 1 || *heads % *kv_heads != 0) {
    fail(Code::kInvalidModel, "{} query heads share {} key heads", *heads, *kv_heads);
  }
  const auto operand = [&](size_t i, int64_t times) {
    return repeated_heads(c, emit_cast(c, c.input(i), dtype), times);
  };
  MatMul scaled;
  scaled.trans_b = true;
  scaled.alpha = c.get_float("scale", 1 / std::sqrt(static_cast<double>(*size)));
  const int64_t times = *heads / *kv_heads;
  const ir::ValueId scores = modified(c, "score_mod", c.add(std::move(scaled), {operand(0, 1), operand(1, times)}));
  const ir::ValueId probabilities = modified(c, "prob_mod", c.add(Softmax{-1}, {scores}));
  c.set_output(0, emit_cast(c, c.add(MatMul{}, {probabilities, operand(2, times)}), c.input_fact(2).dtype()));
}

constexpr Converter kConverters[] = {
    {"ai.onnx.preview", "FlexAttention", convert_flex_attention},
    {"", "Attention", convert_attention},
    {"", "RotaryEmbedding", convert_rotary_embedding},
    {"", "LinearAttention", convert_linear_attention},
    {"", "CausalConvWithState", convert_causal_conv},
};

}  // namespace

std::span<const Converter> attention_converters() { return kConverters; }

}  // namespace ingot::onnx
