// Normalisations.
#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"
#include "ops/lrn.h"
#include "ops/where.h"
#include "tensor/elements.h"

#include <cmath>

namespace ingot::onnx {
namespace {

constexpr double kDefaultEpsilon = 1e-5f;

// y = x * factor + offset per channel, the two folded now when all four statistics are constants.
void convert_folded_batch_norm(Conversion& c, const Tensor* const (&constants)[4], double epsilon, int64_t rank) {
  const auto scale = to_doubles(*constants[0]), bias = to_doubles(*constants[1]), mean = to_doubles(*constants[2]),
             variance = to_doubles(*constants[3]);
  const Shape shape = constants[0]->shape();
  const DType dtype = c.input_fact(0).dtype();
  Tensor factor(dtype, shape), offset(dtype, shape);
  for (int64_t i = 0; i < factor.count(); ++i) {
    const auto at = static_cast<size_t>(i);
    const double multiplier = scale[at] / std::sqrt(variance[at] + epsilon);
    write_double(factor, i, multiplier);
    write_double(offset, i, bias[at] - mean[at] * multiplier);
  }
  const auto spread = [&](Tensor values) {
    if (values.rank() == 1) {
      Shape along(static_cast<size_t>(rank), 1);
      along[1] = values.count();
      values = values.reshaped(along);
    }
    return c.constant_value(std::move(values));
  };
  const ir::ValueId scaled = emit_binary(c, BinaryFn::kMul, c.input(0), spread(std::move(factor)));
  c.set_output(0, emit_binary(c, BinaryFn::kAdd, scaled, spread(std::move(offset))));
}

// A statistic along the channels of x, in `dtype`.
ir::ValueId channel_operand(Conversion& c, ir::ValueId value, DType dtype, int64_t rank) {
  const Fact& fact = c.fact(value);
  const bool vector = !fact.has_rank() || fact.rank() == 1;  // opset 7 with spatial = 0 has one per activation
  return emit_cast(c, vector ? emit_along_axis(c, value, 1, rank) : value, dtype);
}

ir::ValueId normalized(Conversion& c, ir::ValueId x, ir::ValueId mean, ir::ValueId variance, double epsilon,
                       int64_t rank) {
  const DType dtype = c.fact(x).dtype();
  const ir::ValueId deviation = emit_unary(c, UnaryFn::kSqrt, emit_scalar(c, BinaryFn::kAdd, variance, epsilon));
  const ir::ValueId factor = emit_binary(c, BinaryFn::kDiv, channel_operand(c, c.input(1), dtype, rank), deviation);
  const ir::ValueId scaled = emit_binary(c, BinaryFn::kMul, emit_binary(c, BinaryFn::kSub, x, mean), factor);
  return emit_binary(c, BinaryFn::kAdd, scaled, channel_operand(c, c.input(2), dtype, rank));
}

// running = old * momentum + current * (1 - momentum), as a vector of the old one's type.
ir::ValueId running_statistic(Conversion& c, size_t old, ir::ValueId current, double momentum) {
  const ir::ValueId vector = emit_reshape(c, current, {shape_of(c, current)[1]});
  const ir::ValueId cast = emit_cast(c, vector, c.input_fact(old).dtype());
  return emit_binary(c, BinaryFn::kAdd, emit_scalar(c, BinaryFn::kMul, c.input(old), momentum),
                     emit_scalar(c, BinaryFn::kMul, cast, 1 - momentum));
}

void convert_training_batch_norm(Conversion& c, double epsilon, int64_t rank) {
  const double momentum = c.get_float("momentum", 0.9f);
  const DType narrow = c.input_fact(0).dtype();
  const bool wide = dtype_bits(narrow) < 32;  // sums over a batch need f32
  const ir::ValueId x = wide ? emit_cast(c, c.input(0), DType::kF32) : c.input(0);
  std::vector<int64_t> axes = axis_range(0, rank);
  axes.erase(axes.begin() + 1);
  const ir::ValueId mean = emit_reduce(c, ReduceFn::kMean, x, axes);
  const ir::ValueId centered = emit_binary(c, BinaryFn::kSub, x, mean);
  const ir::ValueId variance =
      emit_reduce(c, ReduceFn::kMean, emit_binary(c, BinaryFn::kMul, centered, centered), axes);
  c.set_output(0, emit_cast(c, normalized(c, x, mean, variance, epsilon, rank), narrow));
  if (c.has_output(1)) c.set_output(1, running_statistic(c, 3, mean, momentum));
  if (c.has_output(2)) c.set_output(2, running_statistic(c, 4, variance, momentum));
}

void convert_batch_norm(Conversion& c) {
  const double epsilon = c.get_float("epsilon", kDefaultEpsilon);
  const int64_t rank = c.rank(0, "statistics lie along axis 1");
  if (rank < 2) fail(Code::kInvalidModel, "BatchNormalization takes [n, c, ...], got {}", c.input_fact(0).text());
  const bool training = c.opset() >= 14 ? c.get_int("training_mode", 0) != 0 : c.has_output(1);
  if (training) return convert_training_batch_norm(c, epsilon, rank);
  const Tensor* const constants[] = {c.constant(1), c.constant(2), c.constant(3), c.constant(4)};
  bool foldable = true;
  for (const Tensor* constant : constants) {
    foldable = foldable && constant != nullptr && constant->shape() == constants[0]->shape();
  }
  if (foldable) return convert_folded_batch_norm(c, constants, epsilon, rank);
  const DType narrow = c.input_fact(0).dtype();
  const DType dtype = dtype_bits(narrow) < 32 ? DType::kF32 : narrow;
  const ir::ValueId y = normalized(c, emit_cast(c, c.input(0), dtype), channel_operand(c, c.input(3), dtype, rank),
                                   channel_operand(c, c.input(4), dtype, rank), epsilon, rank);
  c.set_output(0, emit_cast(c, y, narrow));
}

void convert_instance_norm(Conversion& c) {
  c.set_output(0, c.add(GroupNorm{0, c.get_float("epsilon", kDefaultEpsilon)}, {c.input(0), c.input(1), c.input(2)}));
}

// Opset 18 has scale and bias per group, 21 per channel; the operator takes both.
void convert_group_norm(Conversion& c) {
  const int64_t groups = c.get_int("num_groups", 0);
  if (groups < 1) fail(Code::kInvalidModel, "GroupNormalization in {} groups", groups);
  c.set_output(0,
               c.add(GroupNorm{groups, c.get_float("epsilon", kDefaultEpsilon)}, {c.input(0), c.input(1), c.input(2)}));
}

void convert_layer_norm(Conversion& c) {
  LayerNorm norm{c.get_int("axis", -1), c.get_float("epsilon", kDefaultEpsilon), false,
                 c.has_output(1) || c.has_output(2)};
  const auto outputs = c.add_node(norm, {c.input(0), c.input(1), c.optional(2)});
  c.set_output(0, outputs[0]);
  if (!norm.with_statistics) return;
  const DType stash = c.get_dtype("stash_type", DType::kF32);
  c.set_output(1, emit_cast(c, outputs[1], stash));
  c.set_output(2, emit_cast(c, outputs[2], stash));
}

// The result has the type of the scale.
void convert_rms_norm(Conversion& c) {
  const DType dtype = c.input_fact(1).dtype(), own = c.input_fact(0).dtype();
  const ir::ValueId x = dtype_bits(dtype) > dtype_bits(own) ? emit_cast(c, c.input(0), dtype) : c.input(0);
  const ir::ValueId scale = emit_cast(c, c.input(1), c.fact(x).dtype());
  const LayerNorm norm{c.get_int("axis", -1), c.get_float("epsilon", kDefaultEpsilon), true, false};
  c.set_output(0, emit_cast(c, c.add(norm, {x, scale}), dtype));
}

void convert_mean_variance_norm(Conversion& c) {
  std::vector<int64_t> axes = c.get_ints("axes");
  if (!c.has_attribute("axes")) axes = {0, 2, 3};
  const ir::ValueId mean = emit_reduce(c, ReduceFn::kMean, c.input(0), axes);
  const ir::ValueId centered = emit_binary(c, BinaryFn::kSub, c.input(0), mean);
  const ir::ValueId variance =
      emit_reduce(c, ReduceFn::kMean, emit_binary(c, BinaryFn::kMul, centered, centered), axes);
  const ir::ValueId deviation = emit_scalar(c, BinaryFn::kAdd, emit_unary(c, UnaryFn::kSqrt, variance), 1e-9);
  c.set_output(0, emit_binary(c, BinaryFn::kDiv, centered, deviation));
}

// A slice of norm 0 stays 0.
void convert_lp_norm(Conversion& c) {
  const int64_t p = c.get_int("p", 2);
  if (p != 1 && p != 2) fail(Code::kInvalidModel, "LpNormalization with p {}", p);
  const ir::ValueId norm = emit_reduce(c, p == 1 ? ReduceFn::kL1 : ReduceFn::kL2, c.input(0), {c.get_int("axis", -1)});
  const DType dtype = c.input_fact(0).dtype();
  const ir::ValueId is_zero = emit_scalar(c, BinaryFn::kEqual, norm, 0);
  const ir::ValueId divisor = c.add(Where{}, {is_zero, c.scalar(1, dtype), norm});
  c.set_output(0, emit_binary(c, BinaryFn::kDiv, c.input(0), divisor));
}

void convert_lrn(Conversion& c) {
  Lrn lrn{c.get_int("size", 0), c.get_float("alpha", 1e-4f), c.get_float("beta", 0.75), c.get_float("bias", 1)};
  c.set_output(0, c.add(lrn, {c.input(0)}));
}

constexpr Converter kConverters[] = {
    {"", "BatchNormalization", convert_batch_norm}, {"", "InstanceNormalization", convert_instance_norm},
    {"", "GroupNormalization", convert_group_norm}, {"", "LayerNormalization", convert_layer_norm},
    {"", "RMSNormalization", convert_rms_norm},     {"", "MeanVarianceNormalization", convert_mean_variance_norm},
    {"", "LpNormalization", convert_lp_norm},       {"", "LRN", convert_lrn},
};

}  // namespace

std::span<const Converter> norm_converters() { return kConverters; }

}  // namespace ingot::onnx
