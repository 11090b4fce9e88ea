// Reductions, softmax and norms: generated kernels with sums in f32. A row of neighbouring elements has a block of its
// own, other lines a thread each.
#include <algorithm>

#include "base/error.h"
#include "kernels/cuda/norm.h"
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

struct Accumulation {
  const char *type, *begin, *step, *merge;  // of `sum` by `v`: an element; another thread's sum
  std::string result;
};

// [outer, size, inner] over size: a block has some neighbours of inner, its threads share size among them.
void reduce_columns(const AxisSplit& split, int64_t element_bytes, const Accumulation& accumulation,
                    KernelText& kernel) {
  constexpr int64_t kMostThreads = 512, kEnoughBlocks = 264, kRowsPerThread = 4;
  const int64_t full = 16 / element_bytes, width = split.inner % full == 0 ? full : 1, vectors = split.inner / width;
  int64_t rows = 1;
  while (rows * kRowsPerThread < split.size && rows < kMostThreads / 2) rows *= 2;
  int64_t columns = 32;  // threads side by side
  while (columns > 2 &&
         (split.outer * ((vectors + columns - 1) / columns) < kEnoughBlocks || columns * rows > kMostThreads ||
          columns / 2 >= vectors) &&
         columns * rows > 32) {
    columns /= 2;
  }
  while (columns * rows > kMostThreads) rows /= 2;
  const int64_t groups = (vectors + columns - 1) / columns;
  kernel.blocks = split.outer * groups;
  kernel.threads = static_cast<uint32_t>(columns * rows);
  kernel.body = fmt::format(R"(
  __shared__ float parts[{rows}][{columns} * {width}];
  const int column = threadIdx.x % {columns}, row = threadIdx.x / {columns};
  const int vector = blockIdx.x % {groups} * {columns} + column;
  const long long outer = blockIdx.x / {groups};
  float sums[{width}];
#pragma unroll
  for (int l = 0; l < {width}; ++l) sums[l] = {begin};
  if (vector < {vectors}) {{
    const auto* from = x + outer * {size} * {inner} + vector * {width};
#pragma unroll 4
    for (int k = row; k < {size}; k += {rows}) {{
      const auto xs = *(const pack<{type}, {width}>*)(from + (long long)k * {inner});
#pragma unroll
      for (int l = 0; l < {width}; ++l) {{
        float sum = sums[l];
        const float v = load(xs.v[l]);
        sums[l] = {step};
      }}
    }}
  }}
#pragma unroll
  for (int l = 0; l < {width}; ++l) parts[row][column * {width} + l] = sums[l];
  for (int left = {rows} / 2; left > 0; left /= 2) {{
    __syncthreads();
    if (row >= left) continue;
#pragma unroll
    for (int l = 0; l < {width}; ++l) {{
      float sum = parts[row][column * {width} + l];
      const float v = parts[row + left][column * {width} + l];
      parts[row][column * {width} + l] = {merge};
    }}
  }}
  if (row > 0 || vector >= {vectors}) return;
#pragma unroll
  for (int l = 0; l < {width}; ++l) {{
    const float sum = parts[0][column * {width} + l];
    store(y[outer * {inner} + vector * {width} + l], {result});
  }}
)",
                            fmt::arg("rows", rows), fmt::arg("columns", columns), fmt::arg("width", width),
                            fmt::arg("groups", groups), fmt::arg("begin", accumulation.begin),
                            fmt::arg("vectors", vectors), fmt::arg("size", split.size), fmt::arg("inner", split.inner),
                            fmt::arg("step", accumulation.step), fmt::arg("merge", accumulation.merge),
                            fmt::arg("result", accumulation.result), fmt::arg("type", accumulation.type));
}

Emission emit_reduce(const Problem& problem, DType storage) {
  const auto& reduce = *problem.op.as<Reduce>();
  AxisSplit split;
  split_axes(problem.inputs[0].shape, reduce.axes, split);
  const bool max = reduce.fn == ReduceFn::kMax,
             square = reduce.fn == ReduceFn::kSumSquare || reduce.fn == ReduceFn::kL2;
  const char* begin = max ? "-INFINITY_F" : "0.0f";
  const char* step = max ? "larger(sum, v)" : square ? "sum + v * v" : "sum + v";
  std::string result = "sum";
  if (reduce.fn == ReduceFn::kMean) result = fmt::format("sum / {}.0f", split.size);
  if (reduce.fn == ReduceFn::kL2) result = "sqrtf(sum)";
  KernelText kernel;
  kernel.parameters = fmt::format("const {}* x, {}* y", device_type_name(stored(problem.inputs[0].dtype, storage)),
                                  device_type_name(stored(problem.outputs[0].dtype, storage)));
  const bool rows = split.inner == 1;
  if (rows) {
    kernel.blocks = split.outer;
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
    reduce_columns(
        split, dtype_bits(stored(problem.inputs[0].dtype, storage)) / 8,
        {device_type_name(stored(problem.inputs[0].dtype, storage)), begin, step, max ? step : "sum + v", result},
        kernel);
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
  constexpr int64_t kWarpElements = 512;  // a warp per row up to here, else a block
  const bool warps = split.size <= kWarpElements;
  kernel.blocks = warps ? (split.outer + 3) / 4 : split.outer;
  kernel.threads = warps ? 128 : threads_for_row(split.size);
  const int64_t lanes = warps ? 32 : kernel.threads;
  kernel.body = fmt::format(R"(
  const long long row = {row};
  if (row >= {rows}) return;
  const long long base = row * {size};
  const int lane = threadIdx.x % {threads};
  float v[{held}];
  float best = -INFINITY_F;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = lane + i * {threads};
    v[i] = k < {size} ? load(x[base + k]) : -INFINITY_F;
    best = larger(best, v[i]);
  }}
  best = {group}_max(best);
  float sum = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) sum += lane + i * {threads} < {size} ? expf(v[i] - best) : 0.0f;
  sum = {group}_sum(sum);
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = lane + i * {threads};
    if (k < {size}) store(y[base + k], {result});
  }}
)",
                            fmt::arg("row", warps ? "(long long)blockIdx.x * 4 + threadIdx.x / 32" : "blockIdx.x"),
                            fmt::arg("rows", split.outer), fmt::arg("group", warps ? "warp" : "block"),
                            fmt::arg("size", split.size), fmt::arg("threads", lanes),
                            fmt::arg("held", (split.size + lanes - 1) / lanes),
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

Emission emit_norm_views(const Problem& problem, DType storage, std::span<const OperandView> views) {
  const char* type = device_type_name(stored(problem.inputs[0].dtype, storage));
  const std::string at = fmt::format("row * {} + k", norm_size(problem));
  NormInput input{moved_parameters(views[0].moved, type, "x0"), input_slots(0, views[0].moved),
                  moved_lines(views[0].moved, type, "x0", at, "from", "      ")};
  input.lines += fmt::format("      xs = *(const pack<{}, {}>*)from;\n", type, norm_width(problem, storage));
  return {norm_call(problem, storage, input)};
}

Emission emit_norm(const Problem& problem, DType storage) {
  return emit_norm_views(problem, storage, std::vector<OperandView>(problem.inputs.size() + 1));
}

}  // namespace

int64_t norm_size(const Problem& problem) {
  const Shape& x = problem.inputs[0].shape;
  const int64_t axis = normalize_axis(problem.op.as<LayerNorm>()->axis, static_cast<int64_t>(x.size()));
  return element_count(Shape(x.begin() + axis, x.end()));
}

int64_t norm_width(const Problem& problem, DType storage) {
  const int64_t full = 16 / (dtype_bits(stored(problem.inputs[0].dtype, storage)) / 8);
  return norm_size(problem) % full == 0 ? full : 1;
}

Call norm_call(const Problem& problem, DType storage, const NormInput& input) {
  const auto& norm = *problem.op.as<LayerNorm>();
  const Shape& x = problem.inputs[0].shape;
  const int64_t size = norm_size(problem);
  const DType stored_type = stored(problem.inputs[0].dtype, storage);
  const char *type = device_type_name(stored_type),
             *result = device_type_name(stored(problem.outputs[0].dtype, storage));
  const int64_t width = norm_width(problem, storage);
  constexpr int64_t kWarpVectors = 128;
  KernelText kernel;
  kernel.threads = threads_for_row(size / width);
  kernel.blocks = element_count(x) / std::max<int64_t>(size, 1);
  Call call{KernelText{}, input.slots};
  kernel.parameters = input.parameters;
  std::string scale = "1.0f", bias = "0.0f";
  for (size_t i = 1; i < problem.inputs.size(); ++i) {
    if (!problem.inputs[i].present()) continue;
    const char* name = device_type_name(stored(problem.inputs[i].dtype, storage));
    kernel.parameters += fmt::format(", const {}* x{}", name, i);
    call.operands.push_back({Slot::kInput, i});
    if (i == 1) scale = "load(x1[k])";
    if (i == 2) bias = "load(x2[k])";
  }
  kernel.parameters += fmt::format(", {}* y", result);
  call.operands.push_back({Slot::kOutput, 0});
  const bool warps = size / width <= kWarpVectors;  // a warp per row, else a block
  const int64_t lanes = warps ? 32 : kernel.threads, rows = element_count(x) / std::max<int64_t>(size, 1);
  if (warps) {
    kernel.threads = 128;
    kernel.blocks = (rows + 3) / 4;
  }
  const std::string sum = warps ? "warp_sum" : "block_sum";
  kernel.body = fmt::format(
      R"(
  const long long row = {row};
  if (row >= {rows}) return;
  const int lane = threadIdx.x % {lanes};
  float v[{held}][{width}];
  float sum = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k = (lane + i * {lanes}) * {width};
    pack<{type}, {width}> xs = {{}};
    if (k < {size}) {{
{from}    }}
#pragma unroll
    for (int l = 0; l < {width}; ++l) sum += v[i][l] = load(xs.v[l]);
  }}
  const float mean = {mean};
  float square = 0;
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    if ((lane + i * {lanes}) * {width} >= {size}) continue;
#pragma unroll
    for (int l = 0; l < {width}; ++l) square += (v[i][l] - mean) * (v[i][l] - mean);
  }}
  const float factor = rsqrtf({sum}(square) / {size}.0f + {epsilon:.9e}f);
#pragma unroll
  for (int i = 0; i < {held}; ++i) {{
    const int k0 = (lane + i * {lanes}) * {width};
    if (k0 >= {size}) continue;
    pack<{result}, {width}> ys;
#pragma unroll
    for (int l = 0; l < {width}; ++l) {{
      const int k = k0 + l;
      store(ys.v[l], (v[i][l] - mean) * factor * {scale} + {bias});
    }}
    *(pack<{result}, {width}>*)(y + row * {size} + k0) = ys;
  }}
)",
      fmt::arg("row", warps ? "(long long)blockIdx.x * 4 + threadIdx.x / 32" : "blockIdx.x"), fmt::arg("rows", rows),
      fmt::arg("from", input.lines), fmt::arg("lanes", lanes), fmt::arg("size", size), fmt::arg("width", width),
      fmt::arg("held", (size / width + lanes - 1) / lanes), fmt::arg("type", type), fmt::arg("result", result),
      fmt::arg("mean", norm.rms ? "0.0f" : fmt::format("{}(sum) / {}.0f", sum, size)), fmt::arg("sum", sum),
      fmt::arg("epsilon", norm.epsilon), fmt::arg("scale", scale), fmt::arg("bias", bias));
  call.work = kernel;
  return call;
}

std::vector<DeviceRow> reduction_rows() {
  return {{"cuda_reduce", "sums, means and maxima over neighbouring axes", {&Reduce::def}, refuse_reduce, emit_reduce},
          {"cuda_softmax", "softmax over the last axis", {&Softmax::def}, refuse_softmax, emit_softmax},
          {"cuda_norm",
           "layer and RMS norm",
           {&LayerNorm::def},
           refuse_norm,
           emit_norm,
           nullptr,
           emit_norm_views,
           0,
           false,
           1,
           nullptr,
           norm_size}};
}

}  // namespace ingot::kernels::cuda
