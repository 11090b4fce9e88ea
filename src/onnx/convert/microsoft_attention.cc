// Attention of com.microsoft.
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "onnx/convert/microsoft.h"
#include "ops/attention.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/fused.h"
#include "ops/group_query_attention.h"
#include "ops/matmul.h"
#include "ops/range.h"
#include "ops/rotary_embedding.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

// What ONNX Runtime's masks and biases come to: something added to the scores, and lengths of the keys.
struct Mask {
  ir::ValueId added = ir::kNoValue, lengths = ir::kNoValue;
};

ir::ValueId sum(Conversion& c, ir::ValueId a, ir::ValueId b) {
  if (a == ir::kNoValue || b == ir::kNoValue) return a == ir::kNoValue ? b : a;
  return emit_binary(c, BinaryFn::kAdd, a, b);
}

Mask read_mask(Conversion& c, size_t mask, size_t bias, ir::ValueId query) {
  Mask result;
  if (c.has(mask)) {
    const int64_t rank = c.rank(mask, "its meaning depends on it");
    if (rank == 1) {
      const Dim size = shape_of(c, c.input(mask))[0], batch = shape_of(c, query)[0];
      if (size.is_constant() && batch.is_constant() && !(size == batch)) {
        fail(Code::kUnsupported, "{} with a mask {} for {} sequences", c.node().op_type, c.input_fact(mask).text(),
             batch.text());
      }
      result.lengths = emit_cast(c, c.input(mask), DType::kI64);
    } else {
      const DType dtype = c.fact(query).dtype();
      // 0 hides a key; hidden keys keep a finite score, so that a row of them alone is uniform.
      const ir::ValueId kept = emit_cast(c, emit_cast(c, c.input(mask), DType::kBool), dtype);
      const double filter = c.get_float("mask_filter_value", -10000);
      ir::ValueId added = emit_scalar(c, BinaryFn::kMul, emit_scalar(c, BinaryFn::kSub, kept, 1), -filter);
      if (rank == 2) added = emit_unsqueeze(c, added, {1, 2});
      if (rank == 3) added = emit_unsqueeze(c, added, {1});
      if (rank > 3) fail(Code::kUnsupported, "{} with a mask {}", c.node().op_type, c.input_fact(mask).text());
      result.added = added;
    }
  }
  result.added = sum(c, result.added, c.optional(bias));
  return result;
}

Attention attention_of(const Conversion& c) {
  Attention op;
  op.q_heads = op.kv_heads = c.get_int("num_heads", 0);
  if (op.q_heads < 1) fail(Code::kInvalidModel, "{} of {} heads", c.node().op_type, op.q_heads);
  op.scale = c.get_float("scale", 0);
  op.causal = c.get_int("unidirectional", 0) != 0;
  return op;
}

}  // namespace

void emit_packed_attention(Conversion& c, const PackedPast& o) {
  Attention op = attention_of(c);
  if (c.get_int("do_rotary", 0) != 0) fail(Code::kUnsupported, "{} with rotary embedding", c.node().op_type);
  if (c.get_int("past_present_share_buffer", 0) != 0) {
    fail(Code::kUnsupported, "{} with a cache that it writes in place", c.node().op_type);
  }
  const Mask mask = read_mask(c, o.mask, o.bias, o.q);
  std::vector<ir::ValueId> inputs{o.q, o.k, o.v, mask.added, ir::kNoValue, ir::kNoValue, mask.lengths};
  if (c.has(o.past)) {
    for (int64_t i = 0; i < 2; ++i) {
      inputs[static_cast<size_t>(4 + i)] = emit_squeeze(c, emit_range_of(c, c.input(o.past), 0, i, i + 1), {0});
    }
  }
  op.output_count = c.has_output(1) ? 3 : 1;
  const auto outputs = c.add_node(op, std::move(inputs));
  c.set_output(0, outputs[0]);
  if (!c.has_output(1)) return;
  c.set_output(1, c.add(Concat{0}, {emit_unsqueeze(c, outputs[1], {0}), emit_unsqueeze(c, outputs[2], {0})}));
}

void convert_ms_attention(Conversion& c) {
  MatMul product;
  const ir::ValueId x = c.add(std::move(product), {c.input(0), c.input(1), c.optional(2)});
  std::vector<int64_t> sizes = c.get_ints("qkv_hidden_sizes");
  const auto width = shape_of(c, x).back().constant();
  if (!width) fail(Code::kUnsupported, "Attention with weights of unknown size");
  if (sizes.empty()) sizes.assign(3, *width / 3);
  if (sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != *width) {
    fail(Code::kInvalidModel, "Attention of hidden sizes {} and weights {}", shape_text(sizes), c.input_fact(1).text());
  }
  const auto part = [&](int64_t first, int64_t size) { return emit_range_of(c, x, -1, first, first + size); };
  emit_packed_attention(c, {part(0, sizes[0]), part(sizes[0], sizes[1]), part(sizes[0] + sizes[1], sizes[2]), 3, 5, 4});
}

namespace {

// The projection bias [hidden + hidden + v_hidden] in its parts, for x [b, s, size] or [b, h, s, size / h].
class ProjectionBias {
 public:
  ProjectionBias(Conversion& c, ir::ValueId bias, ir::ValueId query, int64_t heads)
      : c_(c), bias_(bias), heads_(heads) {
    if (bias == ir::kNoValue) return;
    const DimShape& shape = shape_of(c, query);
    const Dim hidden = shape.size() == 4 ? shape[3] * Dim(heads) : shape.back(), all = shape_of(c, bias)[0];
    if (!hidden.is_constant() && !all.is_constant()) {
      fail(Code::kUnsupported, "{} adds a bias to heads of unknown size", c.node().op_type);
    }
    hidden_ = hidden.is_constant() ? *hidden.constant() : *all.constant() / 3;
  }
  // Part 0, 1 or 2 added to x.
  ir::ValueId add(ir::ValueId x, int64_t part) const {
    if (bias_ == ir::kNoValue) return x;
    ir::ValueId values = emit_range_of(c_, bias_, 0, part * hidden_, part == 2 ? INT64_MAX : (part + 1) * hidden_);
    if (shape_of(c_, x).size() == 4) values = emit_reshape_to(c_, values, c_.ints({heads_, 1, -1}));
    return emit_binary(c_, BinaryFn::kAdd, x, values);
  }

 private:
  Conversion& c_;
  ir::ValueId bias_;
  int64_t heads_, hidden_ = 0;
};

// Part `index` of operands packed as [b, s, h, parts, d], as [b, h, s, d].
ir::ValueId packed_part(Conversion& c, ir::ValueId x, int64_t index) {
  return emit_transpose(c, emit_squeeze(c, emit_range_of(c, x, 3, index, index + 1), {3}), {0, 2, 1, 3});
}

}  // namespace

void convert_multi_head_attention(Conversion& c) {
  if (c.has(8) || c.has(9)) fail(Code::kUnsupported, "MultiHeadAttention with a cache that it writes in place");
  Attention op = attention_of(c);
  const int64_t rank = c.rank(0, "queries may hold keys and values too");
  ir::ValueId q = c.input(0), k = c.optional(1), v = c.optional(2);
  const bool packed = rank == 5;
  bool project_keys = true;
  if (packed) {
    k = packed_part(c, q, 1);
    v = packed_part(c, q, 2);
    q = packed_part(c, q, 0);
  } else if (c.rank(1, "keys may hold values too") == 5) {
    v = packed_part(c, k, 1);
    k = packed_part(c, k, 0);
    q = emit_transpose(c, emit_reshape_to(c, q, c.ints({0, 0, op.q_heads, -1})), {0, 2, 1, 3});
  } else if (c.rank(1, "keys may be projected") == 4) {
    project_keys = false;
    q = emit_transpose(c, emit_reshape_to(c, q, c.ints({0, 0, op.q_heads, -1})), {0, 2, 1, 3});
  }
  const ProjectionBias bias(c, c.optional(3), q, op.q_heads);
  q = bias.add(q, 0);
  if (project_keys) {
    k = bias.add(k, 1);
    v = bias.add(v, 2);
  }
  const Mask mask = read_mask(c, 4, 5, q);
  for (size_t i = 1; i < 4; ++i) {
    if (c.has_output(i)) op.output_count = static_cast<int64_t>(i) + 1;
  }
  op.scores = AttentionScores::kProbabilities;
  const bool split = shape_of(c, q).size() == 4;
  const auto outputs = c.add_node(op, {q, k, v, mask.added, c.optional(6), c.optional(7), mask.lengths});
  c.set_outputs(outputs);
  if (split) c.set_output(0, emit_reshape_to(c, emit_transpose(c, outputs[0], {0, 2, 1, 3}), c.ints({0, 0, -1})));
}

void convert_group_query_attention(Conversion& c) {
  GroupQueryAttention op;
  op.q_heads = c.get_int("num_heads", 0);
  op.kv_heads = c.get_int("kv_num_heads", 0);
  op.scale = c.get_float("scale", 0);
  op.softcap = c.get_float("softcap", 0);
  op.window = c.get_int("local_window_size", -1);
  op.causal = c.get_int("causal", 1) != 0;
  op.rotary = c.get_int("do_rotary", 0) != 0;
  op.interleaved = c.get_int("rotary_interleaved", 0) != 0;
  op.smooth = c.get_int("smooth_softmax", 0) == 1;
  const double epsilon = c.get_float("qk_norm_epsilon", 1e-6f);
  op.q_epsilon = c.get_float("q_norm_epsilon", epsilon);
  op.k_epsilon = c.get_float("k_norm_epsilon", epsilon);
  const int64_t qk = c.get_int("qk_output", 0);
  if (qk < 0 || qk > 2) fail(Code::kInvalidModel, "qk_output {}", qk);
  if (c.has_output(3)) op.qk = static_cast<QkOutput>(qk);
  const bool quantized = c.get_string("k_quant_type", "NONE") != "NONE" || c.has(12) || c.has(13);
  if (quantized || c.get_int("sliding_window_cache", 0) != 0 || c.has(16)) {
    fail(Code::kUnsupported, "GroupQueryAttention with a cache that is quantised or a window, or with padded queries");
  }
  std::vector<ir::ValueId> inputs;
  for (size_t i = 0; i < 12; ++i) inputs.push_back(c.optional(i));
  inputs.push_back(c.optional(14));
  inputs.push_back(c.optional(15));
  c.set_outputs(c.add_node(op, std::move(inputs)));
}

void convert_ms_rotary_embedding(Conversion& c) {
  const int64_t rank = c.rank(0, "heads are an axis or not");
  RotaryEmbedding op{c.get_int("num_heads", 0), c.get_int("rotary_embedding_dim", 0), c.get_int("interleaved", 0) != 0};
  const DimShape &x = shape_of(c, c.input(0)), &cos = shape_of(c, c.input(2));
  if (c.get_int("is_packed_batching", 0) != 0) fail(Code::kUnsupported, "RotaryEmbedding of packed batches");
  if (rank == 3 && op.heads == 0) {
    const auto width = x[2].constant(), half = cos.at(1).constant();
    if (!width || !half || *half == 0 || *width % (*half * 2) != 0) {
      fail(Code::kUnsupported, "RotaryEmbedding of {} by {}", c.input_fact(0).text(), c.input_fact(2).text());
    }
    op.heads = *width / (*half * 2);
  }
  ir::ValueId positions = c.input(1);
  if (c.rank(1, "one offset or all positions") == 1) {
    // One offset for all sequences: positions offset, offset + 1, ...
    const int64_t length_axis = rank == 4 ? 2 : 1;
    const ir::ValueId length = emit_squeeze(c, emit_shape_of(c, c.input(0), length_axis, length_axis + 1), {0});
    const ir::ValueId zero = c.constant_value(Tensor::scalar<int64_t>(0)),
                      one = c.constant_value(Tensor::scalar<int64_t>(1));
    const ir::ValueId row = emit_binary(c, BinaryFn::kAdd, c.add(Range{}, {zero, length, one}), positions);
    const ir::ValueId target = emit_concat(
        c, {emit_shape_of(c, c.input(0), 0, 1), emit_shape_of(c, c.input(0), length_axis, length_axis + 1)});
    positions = emit_expand_to(c, row, target);
  }
  c.set_output(0, c.add(op, {c.input(0), c.input(2), c.input(3), positions}));
}

}  // namespace ingot::onnx
