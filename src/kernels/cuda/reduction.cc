// Reductions, softmax and norms: generated kernels with sums in f32. A row of neighbouring elements has a block of its
// own, other lines a thread each.
#include <algorithm>

#include "base/error.h"
#include "kernels/cuda/device_row.h"
#include "ops/axis_split.h"
#include "ops/layer_norm.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace ingot::kernels::cuda {
namespace {

uint32_t threads_for_row(int64_t size) {
  return static_cast<uint32_t>(std::clamp<int64_t>((size + 31) / 32 * 32, 32, 256));
}

// The reduced axes as one axis, or nothing where others stand between them.
bool split_axes(const Shape& shape, std::vector<int64_t> axes, AxisSplit& split) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axes.empty()) {
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  for (int64_t& axis : axes) axis = normalize_axis(axis, rank);
  std::sort(axes.begin(), axes.end());
  split = {};
  for (size_t i = 0; i + 1 < axes.size(); ++i) {
    if (axes[i + 1] != axes[i] + 1) return false;
  }
  for (int64_t i = 0; i < rank; ++i) {
    int64_t& part = axes.empty() || i < axes.front() ? split.outer : i <= axes.back() ? split.size : split.inner;
    part *= shape[static_cast<size_t>(i)];
  }
  return true;
}

const char* refuse_reduce(const Problem& problem) {
  const auto& reduce = *problem.op.as<Reduce>();
  if (problem.inputs.size() != 1) return "the axes are data";
  if (!is_float(problem.inputs[0].dtype)) return "the elements are no floats";
  if (reduce.axes.empty() && reduce.empty_is_identity) return "nothing is reduced";
  if (reduce.fn != ReduceFn::kSum && reduce.fn != ReduceFn::kMean && reduce.fn != ReduceFn::kMax &&
      reduce.fn != ReduceFn::kSumSquare && reduce.fn != ReduceFn::kL2) {
    return "the function has no device kernel";
  }
  AxisSplit split;
  return split_axes(problem.inputs[0].shape, reduce.axes, split) ? nullptr : "the reduced axes are not neighbours";
}

Emission emit_reduce(const Problem& problem, DType storage) {
  const auto& reduce = *problem.op.as<Reduce>();
  AxisSplit split;
  split_axes(problem.inputs[0].shape, reduce.axes, split);
  const bool max = reduce.fn == ReduceFn::kMax,
             square = reduce.fn == ReduceFn::kSumSquare || reduce.fn == ReduceFn::kL2;
  const char* begin = max ? "-INFINITY_F" : "0.0f";
  const char* step = max ? "fmaxf(sum, v)" : square ? "sum + v * v" : "sum + v";
  std::string result = "sum";
  if (reduce.fn == ReduceFn::kMean) result = fmt::format("sum / {}.0f", split.size);
  if (reduce.fn == ReduceFn::kL2) result = "sqrtf(sum)";
  KernelText kernel;
  kernel.parameters = fmt::format("const {}* x, {}* y", device_type_name(stored(problem.inputs[0].dtype, storage)),
                                  device_type_name(stored(problem.outputs[0].dtype, storage)));
  const bool rows = split.inner == 1;
  const int64_t lines = split.outer * split.inner;
  if (rows) {
    kernel.blocks = lines;
    kernel.threads = threads_for_row(split.size);
    kernel.body = fmt::format(R"(
  const long long line = blockIdx.x;
  float sum = {begin};
  for (int k = threadIdx.x; k < {size}; k += {threads}) {{ const float v = load(x[line * {size} + k]); sum = {step}; }}
  sum = {block}(sum);
  if (threadIdx.x == 0) store(y[line], {result});
)",
                              fmt::arg("begin", begin), fmt::arg("size", split.size), fmt::arg("step", step),
                              fmt::arg("threads", kernel.threads), fmt::arg("result", result),
                              fmt::arg("block", max ? "block_max" : "block_sum"));
  } else {
    kernel.threads = 64;
    kernel.blocks = (lines + 63) / 64;
    kernel.body = fmt::format(R"(
  const long long line = (long long)blockIdx.x * 64 + threadIdx.x;
  if (line >= {lines}) return;
  const long long base = line / {inner} * {size} * {inner} + line % {inner};
  float sum = {begin};
#pragma unroll 8
  for (int k = 0; k < {size}; ++k) {{ const float v = load(x[base + (long long)k * {inner}]); sum = {step}; }}
  store(y[line], {result});
)",
                              fmt::arg("begin", begin), fmt::arg("size", split.size), fmt::arg("step", step),
                              fmt::arg("lines", lines), fmt::arg("inner", split.inner), fmt::arg("result", result));
  }
  return {{kernel, {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

const char* refuse_softmax(const Problem& problem) {
  if (!is_float(problem.inputs[0].dtype)) return "the elements are no floats";
  const int64_t rank = static_cast<int64_t>(problem.inputs[0].shape.size());
  return rank > 0 && normalize_axis(problem.op.as<Softmax>()->axis, rank) == rank - 1 ? nullptr
                                                                                      : "the axis is not the last";
}

Emission emit_softmax(const Problem& problem, DType storage) {
  const auto& softmax = *problem.op.as<Softmax>();
  const AxisSplit split = split_at(problem.inputs[0].shape, softmax.axis);
  const char* type = device_type_name(stored(problem.inputs[0].dtype, storage));
  KernelText kernel;
  kernel.parameters = fmt::format("const {0}* x, {0}* y", type);
  kernel.blocks = split.outer;
  kernel.threads = threads_for_row(split.size);
  kernel.body = fmt::format(R"(
  const long long base = (long long)blockIdx.x * {size};
  float v[{held}];
  float best = -INFINITY_F;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = threadIdx.x + i * {threads};
    v[i] = k < {size} ? load(x[base + k]) : -INFINITY_F;
    best = fmaxf(best, v[i]);
  }}
  best = block_max(best);
  float sum = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) sum += threadIdx.x + i * {threads} < {size} ? expf(v[i] - best) : 0.0f;
  sum = block_sum(sum);
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = threadIdx.x + i * {threads};
    if (k < {size}) store(y[base + k], {result});
  }}
)",
                            fmt::arg("size", split.size), fmt::arg("threads", kernel.threads),
                            fmt::arg("held", (split.size + kernel.threads - 1) / kernel.threads),
                            fmt::arg("result", softmax.log ? "v[i] - best - logf(sum)" : "expf(v[i] - best) / sum"));
  return {{kernel, {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

bool is_row_vector(const Operand& operand, const Shape& x, size_t axis) {
  const Shape row(x.begin() + static_cast<ptrdiff_t>(axis), x.end());
  Shape own = operand.shape;
  while (own.size() > row.size() && own.front() == 1) own.erase(own.begin());
  return own == row;
}

const char* refuse_norm(const Problem& problem) {
  const auto& norm = *problem.op.as<LayerNorm>();
  if (norm.with_statistics) return "the statistics are wanted";
  const Shape& x = problem.inputs[0].shape;
  const auto axis = static_cast<size_t>(normalize_axis(norm.axis, static_cast<int64_t>(x.size())));
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    if (!problem.inputs[i].present()) continue;
    if (!is_float(problem.inputs[i].dtype)) return "the elements are no floats";
    if (i > 0 && !is_row_vector(problem.inputs[i], x, axis)) return "the scale is no row";
  }
  return nullptr;
}

Emission emit_norm(const Problem& problem, DType storage) {
  const auto& norm = *problem.op.as<LayerNorm>();
  const Shape& x = problem.inputs[0].shape;
  const auto axis = static_cast<size_t>(normalize_axis(norm.axis, static_cast<int64_t>(x.size())));
  int64_t size = 1;
  for (size_t i = axis; i < x.size(); ++i) size *= x[i];
  KernelText kernel;
  kernel.threads = threads_for_row(size);
  kernel.blocks = element_count(x) / std::max<int64_t>(size, 1);
  Call call;
  std::string scale = "1.0f", bias = "0.0f";
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    if (!problem.inputs[i].present()) continue;
    kernel.parameters += fmt::format("const {}* x{}, ", device_type_name(stored(problem.inputs[i].dtype, storage)), i);
    call.operands.push_back({Slot::kInput, i});
    if (i == 1) scale = "load(x1[k])";
    if (i == 2) bias = "load(x2[k])";
  }
  kernel.parameters += fmt::format("{}* y", device_type_name(stored(problem.outputs[0].dtype, storage)));
  call.operands.push_back({Slot::kOutput, 0});
  kernel.body = fmt::format(R"(
  const long long base = (long long)blockIdx.x * {size};
  float v[{held}];
  float sum = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = threadIdx.x + i * {threads};
    v[i] = k < {size} ? load(x0[base + k]) : 0.0f;
    sum += v[i];
  }}
  const float mean = {mean};
  float square = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const float d = threadIdx.x + i * {threads} < {size} ? v[i] - mean : 0.0f;
    square += d * d;
  }}
  const float factor = rsqrtf(block_sum(square) / {size}.0f + {epsilon:.9e}f);
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = threadIdx.x + i * {threads};
    if (k < {size}) store(y[base + k], (v[i] - mean) * factor * {scale} + {bias});
  }}
)",
                            fmt::arg("size", size), fmt::arg("threads", kernel.threads),
                            fmt::arg("held", (size + kernel.threads - 1) / kernel.threads),
                            fmt::arg("mean", norm.rms ? "0.0f" : fmt::format("block_sum(sum) / {}.0f", size)),
                            fmt::arg("epsilon", norm.epsilon), fmt::arg("scale", scale), fmt::arg("bias", bias));
  call.work = kernel;
  return {call};
}

}  // namespace

std::vector<DeviceRow> reduction_rows() {
  return {{"cuda_reduce", "sums, means and maxima over neighbouring axes", {&Reduce::def}, refuse_reduce, emit_reduce},
          {"cuda_softmax", "softmax over the last axis", {&Softmax::def}, refuse_softmax, emit_softmax},
          {"cuda_norm", "layer and RMS norm", {&LayerNorm::def}, refuse_norm, emit_norm}};
}

}  // namespace ingot::kernels::cuda
