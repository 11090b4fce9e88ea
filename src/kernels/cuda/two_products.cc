// The two small products of squeeze-and-excite as one kernel: what stands between them stays on the chip.
#include <algorithm>

#include "kernels/cuda/depthwise.h"
#include "kernels/cuda/group.h"
#include "kernels/cuda/small_product.h"
#include "kernels/cuda/strided.h"
#include "ops/conv.h"

namespace ingot::kernels::cuda {
namespace {

// What is between the products is computed in every block where it is little, else shared out in a cluster of blocks.
constexpr int64_t kMostWeights = 1 << 18, kMostHidden = 1024, kMostAlone = 64, kCluster = 8;
constexpr int64_t kThreads = 512, kLanes = 8,
                  kGroups = kThreads / kLanes;  // lanes share a result of the second product
constexpr int64_t kEnoughBlocks = 64;

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

bool has_bias(const Problem& problem) { return has_input(problem, 2); }

// Lines that compute the activation from `v0`, and the name of its value.
std::pair<std::string, std::string> activation(const Problem& problem, const char* indent) {
  std::vector<std::string> names{"v0"};
  std::vector<DType> types{DType::kF32};
  std::string lines = body_lines(problem.op.as<Conv>()->epilogue, indent, names, types);
  return {std::move(lines), names.back()};
}

// Elements that are read at once where rows have so many.
int64_t read_width(int64_t size, DType type) {
  int64_t width = 16 / (dtype_bits(type) / 8);
  while (size % width != 0) width /= 2;
  return width;
}

Emission emit(const Problem& first, const Problem& second, DType storage, std::span<const OperandView>, bool) {
  const DType stored_type = stored(first.inputs[0].dtype, storage);
  const int64_t images = first.inputs[0].shape[0], channels = first.inputs[0].shape[3],
                hidden = second.inputs[0].shape[3], results = second.outputs[0].shape[3];
  const bool shared = hidden > kMostAlone;
  const int64_t parts =
      shared ? kCluster : std::clamp<int64_t>(kEnoughBlocks / images, 1, (results + kGroups - 1) / kGroups);
  KernelText kernel;
  kernel.threads = kThreads;
  kernel.blocks = images * parts;
  kernel.cluster = static_cast<uint32_t>(shared ? kCluster : 1);
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
#if __CUDA_ARCH__ >= 900
  constexpr int kShares = {cluster};
#else
  constexpr int kShares = 1;
#endif
  using T = {type};
  constexpr int kWarps = {threads} / 32, kRows = ({hidden} + kShares * kWarps - 1) / (kShares * kWarps);  // of a warp
  constexpr int kVectors = ({hidden} / {second_width} + 7) / 8;  // of a row of u, for a lane of eight
  __shared__ float between[{hidden}];
  const int image = blockIdx.x / {parts}, begin = blockIdx.x % {parts} * {per_part}, end = min(begin + {per_part}, {results});
  const int rank = blockIdx.x % kShares, lane = threadIdx.x % 32, warp = threadIdx.x / 32, group = threadIdx.x / 8;
  // Weights are constants: they are read before what is ahead is done.
  pack<T, {width}> next[kRows];
  const auto row = [&](int r) {{ return (r * kShares + rank) * kWarps + warp; }};
  const auto read_first = [&](int k) {{
#pragma unroll
    for (int r = 0; r < kRows; ++r) {{
      next[r] = pack<T, {width}>();
      if (row(r) < {hidden} && k < {channels}) next[r] = *(const pack<T, {width}>*)(w + row(r) * {channels} + k);
    }}
  }};
  pack<T, {second_width}> us[kVectors];
  const auto read_second = [&](int j) {{
#pragma unroll
    for (int i = 0; i < kVectors; ++i) {{
      const int k = (threadIdx.x % 8 + i * 8) * {second_width};
      us[i] = pack<T, {second_width}>();
      if (j < end && k < {hidden}) us[i] = *(const pack<T, {second_width}>*)(u + j * {hidden} + k);
    }}
  }};
  read_first(lane * {width});
  read_second(begin + group);
  after_others();
  float sums[kRows] = {{}};
#pragma unroll 2
  for (int k = lane * {width}; k < {channels}; k += 32 * {width}) {{
    pack<T, {width}> ws[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) ws[r] = next[r];
    const auto xs = *(const pack<T, {width}>*)(x + (long long)image * {channels} + k);
    if (k + 32 * {width} < {channels}) read_first(k + 32 * {width});
#pragma unroll
    for (int r = 0; r < kRows; ++r) {{
#pragma unroll
      for (int l = 0; l < {width}; ++l) sums[r] += load(xs.v[l]) * load(ws[r].v[l]);
    }}
  }}
#pragma unroll
  for (int r = 0; r < kRows; ++r) {{
    const int j = min(row(r), {hidden} - 1);
    const float v0 = warp_sum(sums[r]) + {bias};
{first_lines}    if (lane == 0 && row(r) < {hidden}) between[j] = {first_result};
  }}
#if __CUDA_ARCH__ >= 900
  if (kShares > 1) {{
    cluster_barrier();
    for (int j = threadIdx.x; j < {hidden}; j += {threads}) {{
      const int owner = j / kWarps % kShares;
      if (owner != rank) between[j] = of_block(&between[j], owner);
    }}
    cluster_barrier();  // no block ends while another reads its memory
  }}
#endif
  __syncthreads();
  for (int start = begin; start < end; start += {groups}) {{
    const int j = start + group;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kVectors; ++i) {{
      const int k = (threadIdx.x % 8 + i * 8) * {second_width};
#pragma unroll
      for (int l = 0; l < {second_width}; ++l) sum += k < {hidden} ? between[k + l] * load(us[i].v[l]) : 0.0f;
    }}
    if (start + {groups} < end) read_second(j + {groups});
#pragma unroll
    for (int i = 4; i > 0; i /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, i);
    if (j >= end || threadIdx.x % 8 != 0) continue;
    const float v0 = sum + {second_bias};
{second_lines}    store(y[(long long)image * {results} + j], {second_result});
  }}
)",
      fmt::arg("hidden", hidden), fmt::arg("parts", parts), fmt::arg("per_part", (results + parts - 1) / parts),
      fmt::arg("results", results), fmt::arg("threads", kThreads), fmt::arg("cluster", shared ? kCluster : 1),
      fmt::arg("width", read_width(channels, stored_type)), fmt::arg("second_width", read_width(hidden, stored_type)),
      fmt::arg("channels", channels), fmt::arg("type", type), fmt::arg("bias", has_bias(first) ? "load(b[j])" : "0.0f"),
      fmt::arg("first_lines", first_lines), fmt::arg("first_result", first_result), fmt::arg("groups", kGroups),
      fmt::arg("second_bias", has_bias(second) ? "load(d[j])" : "0.0f"), fmt::arg("second_lines", second_lines),
      fmt::arg("second_result", second_result));
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
