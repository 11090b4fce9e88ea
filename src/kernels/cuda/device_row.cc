#include "kernels/cuda/device_row.h"

#include <algorithm>

#include "kernels/cuda/attention_source.h"

namespace ingot::kernels::cuda {

std::span<const DeviceRow> device_rows() {
  static const std::vector<DeviceRow> rows = [] {
    std::vector<DeviceRow> all;
    for (const auto& part :
         {elementwise_rows(), movement_rows(), reduction_rows(), convolution_rows(), matrix_rows(), attention_rows(),
          resize_rows(), padding_rows(), indexing_rows(), sequence_rows(), line_rows(), top_k_rows(),
          conv_transpose_rows(), group_norm_rows(), grid_sample_rows(), quantization_rows()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return rows;
}

const DeviceRow* pick_device_row(const Problem& problem, const char*& reason) {
  reason = "no device kernel has this operator";
  for (const DeviceRow& row : device_rows()) {
    if (std::find(row.ops.begin(), row.ops.end(), &problem.op.def()) == row.ops.end()) continue;
    for (const auto* list : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *list) {
        if (operand.present() && !is_device_type(operand.dtype)) {
          reason = "an operand's type has no device kernels";
          return nullptr;
        }
      }
    }
    reason = row.refuse(problem);
    if (reason == nullptr) return &row;
  }
  return nullptr;
}

const DeviceRow* find_device_row(std::string_view name) {
  for (const DeviceRow& row : device_rows()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

bool is_device_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kI32:
    case DType::kI64:
    case DType::kU8:
    case DType::kI8:
    case DType::kBool: return true;
    default: return false;
  }
}

std::string text_of(const KernelText& kernel) {
  return fmt::format("{} {} {} {}{}", kernel.blocks, kernel.threads, kernel.cluster, kernel.parameters, kernel.body);
}

std::string kernel_source(const KernelText& kernel, const std::string& name) {
  const bool waits = kernel.body.find("after_others();") != std::string::npos;
  return fmt::format("extern \"C\" __global__ void {}__launch_bounds__({}) {}({}) {{\n{}{}}}\n",
                     kernel.cluster > 1 ? fmt::format("CLUSTER({}) ", kernel.cluster) : "", kernel.threads, name,
                     kernel.parameters, waits ? "" : "  after_others();\n", kernel.body);
}

void allow_tf32(Emission& emission) {
  const auto allow = [](auto& work) {
    if constexpr (requires { work.tf32; }) work.tf32 = work.dtype == DType::kF32;
  };
  for (Call& call : emission) {
    std::visit(allow, call.work);
    if (auto* choice = std::get_if<Choice>(&call.work)) std::visit(allow, choice->problem);
  }
}

const KernelText* own_kernel(const Call& call) {
  if (const auto* choice = std::get_if<Choice>(&call.work)) return &choice->own;
  return std::get_if<KernelText>(&call.work);
}

const char* device_type_name(DType stored) {
  switch (stored) {
    case DType::kF16: return "f16";
    case DType::kBF16: return "bf16";
    case DType::kI32: return "int";
    case DType::kI64: return "long long";
    case DType::kU8: return "unsigned char";
    case DType::kI8: return "signed char";
    case DType::kBool: return "boolean";
    default: return "float";
  }
}

std::string kernel_prelude() {
  return std::string(R"(
struct f16 { unsigned short bits; };
struct bf16 { unsigned short bits; };
struct boolean { unsigned char bits; };
template <class T, int N> struct alignas(sizeof(T) * N) pack { T v[N]; };
__device__ __forceinline__ float load(float x) { return x; }
__device__ __forceinline__ float load(f16 x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits)); return y; }
__device__ __forceinline__ float load(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
__device__ __forceinline__ long long load(int x) { return x; }
__device__ __forceinline__ long long load(long long x) { return x; }
__device__ __forceinline__ long long load(unsigned char x) { return x; }
__device__ __forceinline__ long long load(signed char x) { return x; }
__device__ __forceinline__ bool load(boolean x) { return x.bits != 0; }
__device__ __forceinline__ void store(float& to, float x) { to = x; }
__device__ __forceinline__ void store(f16& to, float x) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(x)); }
__device__ __forceinline__ void store(bf16& to, float x) { asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(to.bits) : "f"(x)); }
__device__ __forceinline__ void store(int& to, long long x) { to = (int)x; }
__device__ __forceinline__ void store(long long& to, long long x) { to = x; }
__device__ __forceinline__ void store(unsigned char& to, long long x) { to = (unsigned char)x; }
__device__ __forceinline__ void store(signed char& to, long long x) { to = (signed char)x; }
__device__ __forceinline__ void store(boolean& to, bool x) { to.bits = x; }
// The next kernel may start from here on, this one goes on once those ahead of it are done: kernels begin with it.
__device__ __forceinline__ void after_others() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
#if __CUDA_ARCH__ >= 900
#define CLUSTER(n) __cluster_dims__(n, 1, 1)
__device__ __forceinline__ void cluster_barrier() {
  asm volatile("barrier.cluster.arrive.release;" ::: "memory");
  asm volatile("barrier.cluster.wait.acquire;" ::: "memory");
}
// What block `rank` of the cluster has where this one has `from`, in shared memory.
__device__ __forceinline__ float of_block(const float* from, int rank) {
  unsigned place;
  float x;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(place) : "r"((unsigned)__cvta_generic_to_shared(from)), "r"(rank));
  asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(x) : "r"(place) : "memory");
  return x;
}
#else
#define CLUSTER(n)
#endif
#define INFINITY_F __int_as_float(0x7f800000)
// With the sign of the divisor; of integers 0 where there is no rest.
__device__ __forceinline__ float modulo(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}
__device__ __forceinline__ long long modulo(long long a, long long b) {
  if (b == 0 || b == -1) return 0;
  const long long rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
// The values of the threads whose numbers leave one rest when divided by kColumns, combined; every thread gets them.
// `parts` is shared and has an element per thread, kRows is a power of two.
template <int kRows, int kColumns, class T, class Combine>
__device__ __forceinline__ T across_rows(T* parts, T v, Combine combine) {
  parts[threadIdx.x] = v;
  for (int left = kRows / 2; left > 0; left /= 2) {
    __syncthreads();
    if (threadIdx.x < left * kColumns) {
      parts[threadIdx.x] = combine(parts[threadIdx.x], parts[threadIdx.x + left * kColumns]);
    }
  }
  __syncthreads();
  const T result = parts[threadIdx.x % kColumns];
  __syncthreads();
  return result;
}
// NaN where an operand is, as the operators have it.
__device__ __forceinline__ float larger(float a, float b) { float y; asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b)); return y; }
__device__ __forceinline__ float from_0_to_1(float x) { return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x; }
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
__device__ __forceinline__ float warp_sum(float x) {
  for (int i = 16; i > 0; i /= 2) x += __shfl_xor_sync(0xffffffffu, x, i);
  return x;
}
__device__ __forceinline__ float warp_max(float x) {
  for (int i = 16; i > 0; i /= 2) x = larger(x, __shfl_xor_sync(0xffffffffu, x, i));
  return x;
}
// Over a block of a multiple of 32 threads; every thread gets the result.
__device__ float block_sum(float x) {
  __shared__ float parts[33];
  for (int i = 16; i > 0; i /= 2) x += __shfl_xor_sync(0xffffffffu, x, i);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0;
    for (int i = 0; i < blockDim.x / 32; ++i) sum += parts[i];
    parts[32] = sum;
  }
  __syncthreads();
  return parts[32];
}
__device__ float block_max(float x) {
  __shared__ float parts[33];
  for (int i = 16; i > 0; i /= 2) x = larger(x, __shfl_xor_sync(0xffffffffu, x, i));
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x == 0) {
    float best = parts[0];
    for (int i = 1; i < blockDim.x / 32; ++i) best = larger(best, parts[i]);
    parts[32] = best;
  }
  __syncthreads();
  return parts[32];
}
)") + attention_prelude();
}

}  // namespace ingot::kernels::cuda
