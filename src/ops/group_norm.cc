#include "ops/group_norm.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/window.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// The optional operand as one number per channel; `fallback` when absent.
std::vector<double> per_channel(EvalContext& context, size_t index, int64_t channels, int64_t groups, double fallback) {
  if (!context.has(index)) return std::vector<double>(static_cast<size_t>(channels), fallback);
  const Tensor& operand = context.tensor(index);
  std::vector<double> values = to_doubles(operand);
  if (operand.count() == channels) return values;
  if (operand.count() != groups) {
    fail(Code::kInvalidArgument, "group_norm of {} channels in {} groups with a scale or bias {}", channels, groups,
         operand.type_text());
  }
  std::vector<double> expanded;
  for (int64_t c = 0; c < channels; ++c) expanded.push_back(values[static_cast<size_t>(c / (channels / groups))]);
  return expanded;
}

void normalize(std::span<double> part, double epsilon) {
  double mean = 0, square = 0;
  const auto count = static_cast<double>(part.size());
  for (const double x : part) mean += x;
  mean /= count;
  for (const double x : part) square += (x - mean) * (x - mean);
  const double factor = 1 / std::sqrt(square / count + epsilon);
  for (double& x : part) x = (x - mean) * factor;
}

}  // namespace

static void infer(const GroupNorm& norm, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "group_norm takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() >= 2, "group_norm takes [n, c, ...], got {}", x.text());
  context.require(norm.groups >= 0, "group_norm in {} groups", norm.groups);
  std::optional<int64_t> channels;
  if (x.has_rank()) channels = (norm.channels_last ? x.shape->back() : (*x.shape)[1]).constant();
  context.require(!channels || norm.groups == 0 || *channels % norm.groups == 0, "{} channels in {} groups",
                  channels.value_or(0), norm.groups);
  for (const size_t i : {1, 2}) {
    if (!context.has(i) || !context.shape(i)) continue;
    context.require(context.input(i).rank() == 1, "scale and bias of group_norm are vectors, got {}",
                    context.input(i).text());
    const auto count = (*context.shape(i))[0].constant();
    context.require(!count || !channels || *count == *channels || *count == norm.groups,
                    "group_norm of {} channels in {} groups with {} scales or biases", channels.value_or(0),
                    norm.groups, count.value_or(0));
  }
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const GroupNorm& norm, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2) fail(Code::kInvalidArgument, "group_norm of {}", x.type_text());
  Tensor& result = context.output(0, x.dtype(), x.shape());
  const Shape shape = norm.channels_last ? channels_first_shape(x.shape()) : x.shape();
  const int64_t channels = shape[1], groups = norm.groups == 0 ? channels : norm.groups;
  if (x.count() == 0) return;
  if (groups < 1 || channels % groups != 0) {
    fail(Code::kInvalidArgument, "group_norm of {} channels in {} groups", channels, groups);
  }
  std::vector<double> values = to_doubles(x);
  if (norm.channels_last) values = to_channels_first(values, x.shape());
  const auto scale = per_channel(context, 1, channels, groups, 1), bias = per_channel(context, 2, channels, groups, 0);
  const auto size = values.size() / static_cast<size_t>(shape[0] * groups);
  for (size_t base = 0; base < values.size(); base += size)
    normalize(std::span(values).subspan(base, size), norm.epsilon);
  const size_t plane = values.size() / static_cast<size_t>(shape[0] * channels);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = i / plane % static_cast<size_t>(channels);
    values[i] = values[i] * scale[c] + bias[c];
  }
  write_doubles(result, norm.channels_last ? to_channels_last(values, shape) : values);
}

const OpDef GroupNorm::def = define_op<GroupNorm, infer, eval>(
    {"group_norm",
     "(x - mean) / sqrt(variance + epsilon) * scale + bias, per image and group of channels",
     1,
     3,
     1,
     kNoTraits,
     {4, 2}});

}  // namespace ingot
