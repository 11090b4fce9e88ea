// Group and instance norm, and local response normalisation: generated kernels with sums in f32.
#include <numeric>

#include "kernels/cuda/lines.h"
#include "kernels/cuda/per_element.h"
#include "ops/group_norm.h"
#include "ops/lrn.h"

namespace ingot::kernels::cuda {
namespace {

const char* refuse_norm(const Problem& problem) {
  for (const Operand& input : problem.inputs) {
    if (input.present() && !is_float(input.dtype)) return "the elements are no floats";
  }
  return nullptr;
}

// A block for some neighbouring groups of one picture. Threads beside each other take the channels that lie beside each
// other, or positions where those do; the others share what is left.
Emission emit_norm(const Problem& problem, DType storage) {
  const auto& norm = *problem.op.as<GroupNorm>();
  const Shape& x = problem.inputs[0].shape;
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t channels = norm.channels_last ? x.back() : x[1], groups = norm.groups == 0 ? channels : norm.groups;
  const int64_t plane = element_count(x) / std::max<int64_t>(1, x[0] * channels), size = channels / groups;
  // Groups per block: as many as fill a warp's read of neighbouring channels.
  int64_t together = 1;
  while (norm.channels_last && together * 2 * size <= 32 && groups % (together * 2) == 0) together *= 2;
  const int64_t count = size * plane, threads = std::clamp<int64_t>((count * together / 4 + 31) / 32 * 32, 32, 512);
  // Threads of one group: those whose number is the group's modulo `together`.
  const int64_t share = threads / together;
  const auto element = [&](const char* k) {
    return norm.channels_last ? fmt::format("base + (long long)({0} / {1}) * {2} + {0} % {1}", k, size, channels)
                              : fmt::format("base + {}", k);
  };
  const auto channel = [&](const char* k) {
    return norm.channels_last ? fmt::format("group * {0} + {1} % {0}", size, k)
                              : fmt::format("group * {0} + {1} / {2}", size, k, plane);
  };
  Call call;
  KernelText kernel;
  kernel.threads = static_cast<uint32_t>(threads);
  kernel.blocks = x[0] * groups / together;
  kernel.parameters = fmt::format("const {0}* x, {0}* y", device_type_name(type));
  call.operands = {{Slot::kInput, 0}, {Slot::kOutput, 0}};
  std::string result = "(load(x[at]) - mean) * factor";
  for (const size_t input : {1, 2}) {
    if (!has_input(problem, input)) continue;
    const bool per_channel = problem.inputs[input].shape != Shape{groups} || groups == channels;
    kernel.parameters +=
        fmt::format(", const {}* p{}", device_type_name(stored(problem.inputs[input].dtype, storage)), input);
    call.operands.push_back({Slot::kInput, input});
    result += fmt::format(" {} load(p{}[{}])", input == 1 ? "*" : "+", input, per_channel ? "c" : "group");
  }
  kernel.body =
      fmt::format(R"(
  __shared__ float parts[{threads}];
  const int beside = threadIdx.x % {together}, own = threadIdx.x / {together};
  const int group = blockIdx.x % {blocks} * {together} + beside;
  const long long base = blockIdx.x / {blocks} * {picture}LL + (long long)group * {group_stride};
  const auto across = [&](float v) {{
    parts[threadIdx.x] = v;
    __syncthreads();
    for (int left = {share}; left > 1;) {{
      const int half = (left + 1) / 2;
      if (own < left / 2) parts[threadIdx.x] += parts[threadIdx.x + half * {together}];
      left = half;
      __syncthreads();
    }}
    const float sum = parts[beside];
    __syncthreads();
    return sum;
  }};
  float sum = 0;
  if (own < {share}) for (int k = own; k < {count}; k += {share}) sum += load(x[{element}]);
  const float mean = across(sum) / {count}.0f;
  float square = 0;
  if (own < {share}) for (int k = own; k < {count}; k += {share}) {{
    const float v = load(x[{element}]) - mean;
    square += v * v;
  }}
  const float factor = rsqrtf(across(square) / {count}.0f + {epsilon:.9e}f);
  if (own < {share}) for (int k = own; k < {count}; k += {share}) {{
    const long long at = {element};
    const int c = {channel};
    store(y[at], {result});
  }}
)",
                  fmt::arg("threads", threads), fmt::arg("together", together), fmt::arg("blocks", groups / together),
                  fmt::arg("picture", channels * plane), fmt::arg("group_stride", norm.channels_last ? size : count),
                  fmt::arg("share", share), fmt::arg("count", count), fmt::arg("element", element("k")),
                  fmt::arg("channel", channel("k")), fmt::arg("epsilon", norm.epsilon), fmt::arg("result", result));
  call.work = kernel;
  return {call};
}

const char* refuse_lrn(const Problem& problem) {
  return is_float(problem.inputs[0].dtype) ? nullptr : "the elements are no floats";
}

Emission emit_lrn(const Problem& problem, DType storage) {
  const auto& lrn = *problem.op.as<Lrn>();
  const AxisSplit split = split_at(problem.inputs[0].shape, 1);
  const std::string body = fmt::format(
      R"(  float square = 0;
  for (int c = max(0, (int)i1 - {before}); c <= min({last}, (int)i1 + {after}); ++c) {{
    const float v = load(x[(i0 * {size}LL + c) * {inner} + i2]);
    square += v * v;
  }}
  store(y[t], load(x[t]) * powf({bias:.9e}f + {alpha:.9e}f * square, {beta:.9e}f));
)",
      fmt::arg("before", (lrn.size - 1) / 2), fmt::arg("after", lrn.size / 2), fmt::arg("last", split.size - 1),
      fmt::arg("size", split.size), fmt::arg("inner", split.inner), fmt::arg("bias", lrn.bias),
      fmt::arg("alpha", lrn.alpha / static_cast<double>(lrn.size)), fmt::arg("beta", -lrn.beta));
  return {{per_element({split.outer, split.size, split.inner},
                       fmt::format("const {0}* x, {0}* y", device_type_name(stored(problem.inputs[0].dtype, storage))),
                       body),
           {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::vector<DeviceRow> group_norm_rows() {
  return {{"cuda_group_norm", "group and instance norm", {&GroupNorm::def}, refuse_norm, emit_norm},
          {"cuda_lrn", "local response normalisation", {&Lrn::def}, refuse_lrn, emit_lrn}};
}

}  // namespace ingot::kernels::cuda
