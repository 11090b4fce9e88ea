// Normalisations of com.microsoft.
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "onnx/convert/microsoft.h"
#include "ops/gather.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"
#include "ops/quantize_linear.h"

namespace ingot::onnx {
namespace {

// x normalised over its last axis; outputs 1 and 2 are the statistics where the node wants them.
void emit_norm(Conversion& c, ir::ValueId x, std::vector<ir::ValueId> scale_and_bias, bool rms, double epsilon) {
  LayerNorm norm{-1, c.get_float("epsilon", epsilon), rms, c.has_output(1) || c.has_output(2)};
  std::vector<ir::ValueId> inputs{x};
  inputs.insert(inputs.end(), scale_and_bias.begin(), scale_and_bias.end());
  const auto outputs = c.add_node(norm, std::move(inputs));
  c.set_output(0, outputs[0]);
  if (!norm.with_statistics) return;
  c.set_output(1, outputs[1]);
  c.set_output(2, outputs[2]);
}

void convert_skip(Conversion& c, bool rms) {
  ir::ValueId x = emit_binary(c, BinaryFn::kAdd, c.input(0), c.input(1));
  const ir::ValueId bias = c.optional(rms ? 3 : 4);
  if (bias != ir::kNoValue) x = emit_binary(c, BinaryFn::kAdd, x, bias);
  emit_norm(c, x, {c.input(2), rms ? ir::kNoValue : c.optional(3)}, rms, 1e-5f);
  c.set_output(3, x);
}

}  // namespace

void convert_skip_layer_norm(Conversion& c) { convert_skip(c, false); }
void convert_skip_rms_norm(Conversion& c) { convert_skip(c, true); }

void convert_simplified_layer_norm(Conversion& c) {
  const DType dtype = c.input_fact(1).dtype(), own = c.input_fact(0).dtype();
  LayerNorm norm{c.get_int("axis", -1), c.get_float("epsilon", 1e-5f), true, c.has_output(1)};
  const ir::ValueId x = dtype_bits(dtype) > dtype_bits(own) ? emit_cast(c, c.input(0), dtype) : c.input(0);
  const auto outputs = c.add_node(norm, {x, emit_cast(c, c.input(1), c.fact(x).dtype())});
  c.set_output(0, emit_cast(c, outputs[0], dtype));
  if (norm.with_statistics) c.set_output(1, outputs[2]);
}

namespace {

constexpr size_t kWords = 2, kPositions = 3, kSegments = 4, kGamma = 5, kBeta = 6, kMask = 7;
constexpr size_t kPositionIds = 8;               // not of QEmbedLayerNormalization, which has these instead,
constexpr size_t kScales = 8, kZeroPoints = 13;  // of operands 2 to 6

// `x`, part of operand `index`, as floating point.
ir::ValueId dequantized(Conversion& c, bool quantized, size_t index, ir::ValueId x) {
  if (!quantized) return x;
  const size_t at = index - kWords;
  return c.add(DequantizeLinear{}, {x, c.input(kScales + at), c.optional(kZeroPoints + at)});
}

// Words, positions and segments looked up, added and normalised; output 1 counts the words that the mask keeps.
void convert_embedding(Conversion& c, bool quantized) {
  const ir::ValueId ids = c.input(0);
  const auto looked_up = [&](size_t table, ir::ValueId at) {
    return dequantized(c, quantized, table, c.add(Gather{0}, {c.input(table), at}));
  };
  ir::ValueId positions;
  if (!quantized && c.has(kPositionIds)) {
    positions = looked_up(kPositions, c.input(kPositionIds));
  } else {
    const ir::ValueId first = emit_slice(c, c.input(kPositions), c.ints({0}), emit_shape_of(c, ids, 1, 2), c.ints({0}));
    positions = dequantized(c, quantized, kPositions, first);
  }
  ir::ValueId x = emit_binary(c, BinaryFn::kAdd, looked_up(kWords, ids), positions);
  if (c.has(kSegments) && c.has(1)) x = emit_binary(c, BinaryFn::kAdd, x, looked_up(kSegments, c.input(1)));
  const LayerNorm norm{-1, c.get_float("epsilon", 1e-12f), false, false};
  const ir::ValueId gamma = dequantized(c, quantized, kGamma, c.input(kGamma));
  c.set_output(0, c.add(norm, {x, gamma, dequantized(c, quantized, kBeta, c.input(kBeta))}));
  if (c.has_output(1)) {
    const ir::ValueId zeros = emit_scalar(c, BinaryFn::kMul, ids, 0);
    c.set_output(1, emit_reduce(c, ReduceFn::kSum, emit_cast(c, c.has(kMask) ? c.input(kMask) : zeros, DType::kI32),
                                {1}, false));
  }
  c.set_output(2, x);
}

}  // namespace

void convert_embed_layer_norm(Conversion& c) { convert_embedding(c, false); }
void convert_qembed_layer_norm(Conversion& c) { convert_embedding(c, true); }

namespace {

void emit_group_norm(Conversion& c, ir::ValueId x) {
  const int64_t groups = c.get_int("groups", 0);
  if (groups < 1) fail(Code::kInvalidModel, "{} in {} groups", c.node().op_type, groups);
  const GroupNorm norm{groups, c.get_float("epsilon", 1e-5f), c.get_int("channels_last", 1) != 0};
  const DType dtype = c.fact(x).dtype();
  ir::ValueId y = c.add(norm, {x, emit_cast(c, c.input(1), dtype), emit_cast(c, c.input(2), dtype)});
  if (c.get_int("activation", 0) != 0) y = c.add(Unary{UnaryFn::kSilu, 1, 0}, {y});
  c.set_output(0, y);
}

}  // namespace

void convert_ms_group_norm(Conversion& c) { emit_group_norm(c, c.input(0)); }

void convert_skip_group_norm(Conversion& c) {
  const bool last = c.get_int("channels_last", 1) != 0;
  ir::ValueId skip = c.input(3);
  if (c.rank(3, "it may have no spatial axes") == 2)
    skip = emit_unsqueeze(c, skip, last ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{2, 3});
  ir::ValueId x = emit_binary(c, BinaryFn::kAdd, c.input(0), skip);
  if (c.has(4)) x = emit_binary(c, BinaryFn::kAdd, x, last ? c.input(4) : emit_along_axis(c, c.input(4), 1, 4));
  emit_group_norm(c, x);
  c.set_output(1, x);
}

}  // namespace ingot::onnx
