// The two small products of squeeze-and-excite as one kernel: what stands between them stays on the chip.
#include <algorithm>

#include "kernels/cuda/depthwise.h"
#include "kernels/cuda/group.h"
#include "kernels/cuda/small_product.h"
#include "kernels/cuda/strided.h"
#include "ops/conv.h"

namespace ingot::kernels::cuda {
namespace {

// Every block computes all that is between the products, so its weights must be few.
constexpr int64_t kMostWeights = 1 << 17, kMostHidden = 1024, kThreads = 512, kEnoughBlocks = 64;

bool is_product_of_pixel(const Problem& problem) {
  const auto* conv = problem.op.as<Conv>();
  if (conv == nullptr || !conv->channels_last || conv->group != 1 || problem.inputs.size() > 3) return false;
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  return x.size() == 4 && x[1] == 1 && x[2] == 1 && y[1] == 1 && y[2] == 1 && w[2] == 1 && w[3] == 1 && x[3] > 1 &&
         std::all_of(conv->pads.begin(), conv->pads.end(), [](int64_t pad) { return pad == 0; });
}

bool takes(const Problem& first, const Problem& second, DType) {
  if (!is_product_of_pixel(first) || !is_product_of_pixel(second)) return false;
  const int64_t channels = first.inputs[0].shape[3], hidden = second.inputs[0].shape[3];
  return hidden <= kMostHidden && channels * hidden <= kMostWeights &&
         hidden * second.outputs[0].shape[3] <= kMostWeights;
}

bool has_bias(const Problem& problem) { return problem.inputs.size() > 2 && problem.inputs[2].present(); }

// Lines that compute the activation from `v0`, and the name of its value.
std::pair<std::string, std::string> activation(const Problem& problem, const char* indent) {
  std::vector<std::string> names{"v0"};
  std::vector<DType> types{DType::kF32};
  std::string lines = body_lines(problem.op.as<Conv>()->epilogue, indent, names, types);
  return {std::move(lines), names.back()};
}

// Threads that share one result of the second product.
int64_t lanes_for(int64_t hidden) { return hidden <= 32 ? 8 : hidden <= 96 ? 16 : 32; }

Emission emit(const Problem& first, const Problem& second, DType storage, std::span<const OperandView>, bool) {
  const DType stored_type = stored(first.inputs[0].dtype, storage);
  const int64_t images = first.inputs[0].shape[0], channels = first.inputs[0].shape[3],
                hidden = second.inputs[0].shape[3], results = second.outputs[0].shape[3];
  int64_t width = 16 / (dtype_bits(stored_type) / 8);
  while (channels % width != 0) width /= 2;
  const int64_t lanes = lanes_for(hidden), groups = kThreads / lanes;
  const int64_t parts = std::clamp<int64_t>(kEnoughBlocks / images, 1, (results + groups - 1) / groups);
  KernelText kernel;
  kernel.threads = kThreads;
  kernel.blocks = images * parts;
  const char* type = device_type_name(stored_type);
  Call call{KernelText{}, {{Slot::kInput, 0, 0, true}, {Slot::kInput, 1, 0, true}, {Slot::kInput, 1}}};
  kernel.parameters = fmt::format("const {0}* x, const {0}* w, const {0}* u", type);
  if (has_bias(first)) {
    kernel.parameters += fmt::format(", const {}* b", type);
    call.operands.push_back({Slot::kInput, 2, 0, true});
  }
  if (has_bias(second)) {
    kernel.parameters += fmt::format(", const {}* d", type);
    call.operands.push_back({Slot::kInput, 2});
  }
  kernel.parameters += fmt::format(", {}* y", type);
  call.operands.push_back({Slot::kOutput, 0});
  const auto [first_lines, first_result] = activation(first, "    ");
  const auto [second_lines, second_result] = activation(second, "    ");
  kernel.body = fmt::format(
      R"(
  __shared__ float between[{hidden}];
  const int image = blockIdx.x / {parts}, begin = blockIdx.x % {parts} * {per_part}, end = min(begin + {per_part}, {results});
  for (int j = threadIdx.x / 32; j < {hidden}; j += {threads} / 32) {{
    float sum = 0;
#pragma unroll 4
    for (int k = threadIdx.x % 32 * {width}; k < {channels}; k += 32 * {width}) {{
      const auto xs = *(const pack<{type}, {width}>*)(x + (long long)image * {channels} + k);
      const auto ws = *(const pack<{type}, {width}>*)(w + j * {channels} + k);
#pragma unroll
      for (int l = 0; l < {width}; ++l) sum += load(xs.v[l]) * load(ws.v[l]);
    }}
    const float v0 = warp_sum(sum) + {bias};
{first_lines}    if (threadIdx.x % 32 == 0) between[j] = {first_result};
  }}
  __syncthreads();
  for (int start = begin; start < end; start += {groups}) {{
    const int j = start + threadIdx.x / {lanes};
    float sum = 0;
    if (j < end) {{
      for (int k = threadIdx.x % {lanes}; k < {hidden}; k += {lanes}) sum += between[k] * load(u[j * {hidden} + k]);
    }}
#pragma unroll
    for (int i = {lanes} / 2; i > 0; i /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, i);
    if (j >= end || threadIdx.x % {lanes} != 0) continue;
    const float v0 = sum + {second_bias};
{second_lines}    store(y[(long long)image * {results} + j], {second_result});
  }}
)",
      fmt::arg("hidden", hidden), fmt::arg("parts", parts), fmt::arg("per_part", (results + parts - 1) / parts),
      fmt::arg("results", results), fmt::arg("threads", kThreads), fmt::arg("width", width),
      fmt::arg("channels", channels), fmt::arg("type", type), fmt::arg("bias", has_bias(first) ? "load(b[j])" : "0.0f"),
      fmt::arg("first_lines", first_lines), fmt::arg("first_result", first_result), fmt::arg("groups", groups),
      fmt::arg("lanes", lanes), fmt::arg("second_bias", has_bias(second) ? "load(d[j])" : "0.0f"),
      fmt::arg("second_lines", second_lines), fmt::arg("second_result", second_result));
  call.work = kernel;
  return {call};
}

}  // namespace

GroupRow two_products_row() {
  return {"cuda_two_products", "two 1x1 convolutions of one pixel, as in squeeze-and-excite", takes, emit};
}

std::span<const GroupRow> group_rows() {
  static const std::vector<GroupRow> rows{two_products_row(), pointwise_norm_row(), scaled_convolution_row(),
                                          depthwise_mean_row()};
  return rows;
}

}  // namespace ingot::kernels::cuda
