// The k largest or smallest elements of every line: a block finds the least key that belongs to them digit by digit,
// collects what is above and sorts it.
#include "ops/top_k.h"
#include "base/error.h"
#include "kernels/cuda/device_row.h"
#include "ops/axis_split.h"

namespace ingot::kernels::cuda {
namespace {

constexpr int64_t kMostSorted = 2048;  // keys in shared memory

const char* refuse(const Problem& problem) {
  const auto& top = *problem.op.as<TopK>();
  const Operand& x = problem.inputs[0];
  if (has_input(problem, 1)) return "k is data";
  if (!is_float(x.dtype) && x.dtype != DType::kI32) return "the elements' type has no device kernel";
  if (x.shape.empty()) return "a tensor without axes";
  return top.k <= kMostSorted ? nullptr : "k is too large";
}

// Keys are unique: elements in their order, of equal ones the first above the others.
std::string key_text(DType type, bool largest) {
  std::string bits = "(unsigned)load(x[base + (long long)i * inner]) ^ 0x80000000u";
  if (is_float(type)) {
    bits = "ordered(load(x[base + (long long)i * inner]))";
  }
  return fmt::format(R"(
  const auto ordered = [](float v) {{
    if (v != v) return 0xffffffffu;
    const unsigned bits = __float_as_uint(v + 0.0f);  // -0 as 0
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
  }};
  const auto key = [&](int i) {{
    const unsigned order = {}({});
    return (unsigned long long)order << 32 | (0xffffffffu - (unsigned)i);
  }};
)",
                     largest ? "" : "~", bits);
}

// `least`: the k-th largest key.
constexpr const char* kSelection = R"(
  __shared__ int histogram[256];
  __shared__ int chosen, left;
  unsigned long long least = 0, mask = 0;
  int wanted = k;
  for (int shift = 56; shift >= 0; shift -= 8) {
    for (int i = threadIdx.x; i < 256; i += blockDim.x) histogram[i] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
      const unsigned long long own = key(i);
      if ((own & mask) == least) atomicAdd(&histogram[(int)(own >> shift & 255)], 1);
    }
    __syncthreads();
    if (threadIdx.x < 32) {
      const int highest = 255 - (int)threadIdx.x * 8;
      int own = 0;
      for (int i = 0; i < 8; ++i) own += histogram[highest - i];
      int running = own;
      for (int i = 1; i < 32; i *= 2) {
        const int other = __shfl_up_sync(0xffffffffu, running, i);
        if ((int)threadIdx.x >= i) running += other;
      }
      if (running >= wanted && running - own < wanted) {
        int rest = wanted - (running - own), digit = highest;
        while (histogram[digit] < rest) rest -= histogram[digit--];
        chosen = digit;
        left = rest;
      }
    }
    __syncthreads();
    least |= (unsigned long long)chosen << shift;
    mask |= 255ull << shift;
    wanted = left;
    const bool all = histogram[chosen] == left;  // of this digit every key belongs to them
    __syncthreads();
    if (all) break;
  }
)";

// The keys from `least` on, the largest first.
constexpr const char* kSorting = R"(
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  for (int i = threadIdx.x; i < padded; i += blockDim.x) keys[i] = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    const unsigned long long own = key(i);
    if ((own & mask) >= least) keys[atomicAdd(&count, 1)] = own;
  }
  for (int width = 2; width <= padded; width *= 2) {
    for (int distance = width / 2; distance > 0; distance /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < padded / 2; i += blockDim.x) {
        const int a = i / distance * 2 * distance + i % distance, b = a + distance;
        const unsigned long long first = keys[a], second = keys[b];
        if ((first < second) == ((a & width) == 0)) keys[a] = second, keys[b] = first;
      }
    }
  }
  __syncthreads();
)";

Emission emit(const Problem& problem, DType storage) {
  const auto& top = *problem.op.as<TopK>();
  const AxisSplit split = split_at(problem.inputs[0].shape, top.axis);
  if (top.k > split.size) fail(Code::kInvalidArgument, "top_k of {} elements along an axis of {}", top.k, split.size);
  const DType type = stored(problem.inputs[0].dtype, storage);
  int64_t padded = 2;
  while (padded < top.k) padded *= 2;
  KernelText kernel;
  kernel.blocks = split.lines();
  kernel.threads = static_cast<uint32_t>(std::clamp<int64_t>((split.size / 4 + 31) / 32 * 32, 32, 1024));
  const char* name = device_type_name(type);
  Call call;
  call.operands = {{Slot::kInput, 0}};
  kernel.parameters = fmt::format("const {}* x", name);
  std::string stores;
  if (problem.outputs[0].present()) {
    kernel.parameters += fmt::format(", {}* values", name);
    call.operands.push_back({Slot::kOutput, 0});
    stores += "    values[to] = x[base + (long long)index * inner];\n";
  }
  if (problem.outputs.size() > 1 && problem.outputs[1].present()) {
    kernel.parameters += ", long long* indices";
    call.operands.push_back({Slot::kOutput, 1});
    stores += "    indices[to] = index;\n";
  }
  kernel.body = fmt::format(R"(
  const int size = {}, k = {}, padded = {};
  const long long inner = {}, outer = blockIdx.x / inner, beside = blockIdx.x % inner, base = outer * size * inner + beside;
  __shared__ unsigned long long keys[padded];
)",
                            split.size, top.k, padded, split.inner) +
                key_text(type, top.largest) + kSelection + kSorting +
                fmt::format(R"(
  for (int i = threadIdx.x; i < k; i += blockDim.x) {{
    const int index = (int)(0xffffffffu - (unsigned)keys[i]);
    const long long to = (outer * k + i) * inner + beside;
{}  }}
)",
                            stores);
  call.work = kernel;
  return {call};
}

}  // namespace

std::vector<DeviceRow> top_k_rows() {
  return {{"cuda_top_k", "the largest and smallest elements with their positions", {&TopK::def}, refuse, emit}};
}

}  // namespace ingot::kernels::cuda
