// Attention, rotary embedding, and the operators around state-space and linear attention.
#include "ops/attention.h"

#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/expand.h"
#include "ops/fused.h"
#include "ops/linear_attention.h"
#include "ops/rotary_embedding.h"
#include "ops/slice.h"

namespace ingot::onnx {
namespace {

void convert_attention(Conversion& c) {
  Attention attention;
  attention.q_heads = c.get_int("q_num_heads", 0);
  attention.kv_heads = c.get_int("kv_num_heads", 0);
  attention.scale = c.get_float("scale", 0);
  attention.softcap = c.get_float("softcap", 0);
  attention.causal = c.get_int("is_causal", 0) != 0;
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

constexpr Converter kConverters[] = {
    {"", "Attention", convert_attention},
    {"", "RotaryEmbedding", convert_rotary_embedding},
    {"", "LinearAttention", convert_linear_attention},
    {"", "CausalConvWithState", convert_causal_conv},
};

}  // namespace

std::span<const Converter> attention_converters() { return kConverters; }

}  // namespace ingot::onnx
