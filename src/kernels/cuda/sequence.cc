// Sequences of numbers: ranges, sizes, running sums.
#include "kernels/cuda/per_element.h"
#include "ops/axis_split.h"
#include "ops/cumulative.h"
#include "ops/range.h"
#include "ops/sizes.h"

namespace ingot::kernels::cuda {
namespace {

const char* takes_all(const Problem&) { return nullptr; }

Emission emit_range(const Problem& problem, DType storage) {
  const char* type = device_type_name(stored(problem.outputs[0].dtype, storage));
  return {{per_element(problem.outputs[0].shape, fmt::format("const {0}* start, const {0}* delta, {0}* y", type),
                       "  store(y[t], load(*start) + t * load(*delta));\n"),
           {{Slot::kInput, 0}, {Slot::kInput, 2}, {Slot::kOutput, 0}}}};
}

const char* refuse_sizes(const Problem& problem) {
  constexpr size_t kMost = 64;
  return problem.op.as<Sizes>()->elements.size() <= kMost ? nullptr : "there are too many sizes";
}

Emission emit_sizes(const Problem& problem, DType storage) {
  const auto& sizes = *problem.op.as<Sizes>();
  std::string body;
  for (size_t i = 0; i < sizes.elements.size(); ++i) {
    body += fmt::format("  if (t == {}) store(y[t], {}LL);\n", i, *sizes.elements[i].eval({}));
  }
  const char* type = device_type_name(stored(problem.outputs[0].dtype, storage));
  return {{per_element(problem.outputs[0].shape, fmt::format("{}* y", type), body), {{Slot::kOutput, 0}}}};
}

const char* refuse_cumulative(const Problem& problem) {
  if (has_input(problem, 1)) return "the axis is data";
  return is_float(problem.inputs[0].dtype) || is_int(problem.inputs[0].dtype) ? nullptr : "the elements are no numbers";
}

// A block per line: parts of as many elements as it has threads, each scanned in its warps and then across them.
Emission emit_cumulative(const Problem& problem, DType storage) {
  const auto& cumulative = *problem.op.as<Cumulative>();
  const AxisSplit split = split_at(problem.inputs[0].shape, cumulative.axis);
  const DType type = stored(problem.inputs[0].dtype, storage);
  const bool sum = cumulative.fn == CumulativeFn::kSum;
  const int64_t threads = std::clamp<int64_t>((split.size + 31) / 32 * 32, 32, 256);
  KernelText kernel;
  kernel.blocks = split.lines();
  kernel.threads = static_cast<uint32_t>(threads);
  kernel.parameters = fmt::format("const {0}* x, {0}* y", device_type_name(type));
  kernel.body = fmt::format(
      R"(
  using T = {type};
  __shared__ T parts[32];
  const long long base = (long long)blockIdx.x / {inner} * {size} * {inner} + blockIdx.x % {inner};
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  T before = {none};
  for (int first = 0; first < {size}; first += {threads}) {{
    const int step = first + threadIdx.x;
    const long long at = base + (long long)({position}) * {inner};
    const T own = step < {size} ? load(x[at]) : {none};
    T running = own;
    for (int i = 1; i < 32; i *= 2) {{
      const T other = __shfl_up_sync(0xffffffffu, running, i);
      if (lane >= i) running = other {op} running;
    }}
    if (lane == 31) parts[warp] = running;
    __syncthreads();
    T warps_before = before, all = before;
    for (int i = 0; i < {warps}; ++i) {{
      all = all {op} parts[i];
      if (i < warp) warps_before = warps_before {op} parts[i];
    }}
    const T shifted = __shfl_up_sync(0xffffffffu, running, 1);
    if (step < {size}) store(y[at], warps_before {op} {result});
    before = all;
    __syncthreads();
  }}
)",
      fmt::arg("type", is_float(type) ? "float" : "long long"), fmt::arg("inner", split.inner),
      fmt::arg("size", split.size), fmt::arg("none", sum ? "0" : "1"), fmt::arg("threads", threads),
      fmt::arg("warps", threads / 32),
      fmt::arg("position", cumulative.reverse ? fmt::format("{} - step", split.size - 1) : "step"),
      fmt::arg("op", sum ? "+" : "*"),
      fmt::arg("result", cumulative.exclusive ? fmt::format("(lane > 0 ? shifted : {})", sum ? "0" : "1") : "running"));
  return {{kernel, {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::vector<DeviceRow> sequence_rows() {
  return {{"cuda_range", "numbers at equal distances", {&Range::def}, takes_all, emit_range},
          {"cuda_sizes", "sizes of the run as a tensor", {&Sizes::def}, refuse_sizes, emit_sizes},
          {"cuda_cumulative", "running sums and products", {&Cumulative::def}, refuse_cumulative, emit_cumulative}};
}

}  // namespace ingot::kernels::cuda
