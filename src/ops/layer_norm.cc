#include "ops/layer_norm.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Elements of the optional operand `index` for each position of the normalised axes; empty when absent.
std::vector<double> affine_operand(EvalContext& context, size_t index, const Shape& normalized) {
  if (!context.has(index)) return {};
  const Tensor& operand = context.tensor(index);
  const std::vector<double> values = to_doubles(operand);
  std::vector<double> expanded(static_cast<size_t>(element_count(normalized)));
  StridedWalk<1> walk(normalized, {broadcast_strides(operand.shape(), normalized)});
  for (double& each : expanded) {
    each = values[static_cast<size_t>(walk.offset())];
    walk.next();
  }
  return expanded;
}

struct Statistics {
  double mean, inverse_deviation;
};

Statistics statistics_of(const LayerNorm& norm, std::span<const double> row) {
  double mean = 0, square = 0;
  const auto count = static_cast<double>(row.size());
  if (!norm.rms) {
    for (const double x : row) mean += x;
    mean /= count;
  }
  for (const double x : row) square += (x - mean) * (x - mean);
  return {mean, 1 / std::sqrt(square / count + norm.epsilon)};
}

}  // namespace

static void infer(const LayerNorm& norm, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "layer_norm takes floating-point elements, got {}", dtype_name(x.dtype()));
  std::optional<DimShape> statistics;
  if (x.has_rank()) {
    const auto axis = context.axis(norm.axis, 0);
    const DimShape normalized(x.shape->begin() + axis, x.shape->end());
    for (size_t i = 1; i < context.input_count(); ++i) {
      if (!context.has(i)) continue;
      const auto joined = broadcast_dims(normalized, context.shape(i));
      context.require(!joined || joined->size() == normalized.size(), "{} does not broadcast to the normalised axes {}",
                      context.input(i).text(), dims_text(normalized));
      for (size_t d = 0; joined && d < joined->size(); ++d) {
        unify(normalized[d], (*joined)[d], "sizes of scale or bias and of the normalised axes");
      }
    }
    statistics = x.shape;
    std::fill(statistics->begin() + axis, statistics->end(), Dim(1));
  }
  context.set_output(0, x.dtype(), x.shape);
  if (!norm.with_statistics) return;
  context.set_output(1, DType::kF32, statistics);
  context.set_output(2, DType::kF32, statistics);
}

static void eval(const LayerNorm& norm, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t axis = normalize_axis(norm.axis, x.rank());
  const Shape normalized(x.shape().begin() + axis, x.shape().end());
  const auto size = static_cast<size_t>(element_count(normalized));
  const std::vector<double> scale = affine_operand(context, 1, normalized);
  const std::vector<double> bias = affine_operand(context, 2, normalized);
  std::vector<double> values = to_doubles(x), means, inverse_deviations;
  Shape statistics = x.shape();
  std::fill(statistics.begin() + axis, statistics.end(), 1);
  const auto rows = static_cast<size_t>(element_count(statistics));
  for (size_t row = 0; row < rows; ++row) {
    const std::span<double> part(values.data() + row * size, size);
    const auto [mean, inverse_deviation] = statistics_of(norm, part);
    for (size_t i = 0; i < size; ++i) {
      part[i] = (part[i] - mean) * inverse_deviation * (scale.empty() ? 1 : scale[i]) + (bias.empty() ? 0 : bias[i]);
    }
    means.push_back(mean);
    inverse_deviations.push_back(inverse_deviation);
  }
  write_doubles(context.output(0, x.dtype(), x.shape()), values);
  if (!norm.with_statistics) return;
  write_doubles(context.output(1, DType::kF32, statistics), means);
  write_doubles(context.output(2, DType::kF32, statistics), inverse_deviations);
}

const OpDef LayerNorm::def = define_op<LayerNorm, infer, eval>(
    {"layer_norm",
     "(x - mean) / sqrt(variance + epsilon) * scale + bias over the axes from axis on",
     1,
     3,
     -1,
     kNoTraits,
     {4, 2}});

}  // namespace ingot
