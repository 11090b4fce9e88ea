// What this CPU can run. Levels are ordered: a CPU of one level runs every kernel of the levels below.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

enum class IsaLevel { kReference = 0, kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16, kAmx };
const char* isa_name(IsaLevel level);
// Throws kInvalidArgument listing the valid names.
IsaLevel parse_isa(std::string_view name);

struct CpuFeatures {
  std::string model;
  std::string microarchitecture;  // "zen4", "sapphire_rapids" (and Emerald Rapids, the same core), "" of any other
  bool avx2 = false, fma = false, f16c = false;
  bool avx512 = false;  // F, BW, DQ, VL, CD
  bool avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false, avx_vnni = false;
  bool amx_bf16 = false, amx_int8 = false;
  bool double_fma512 = false;  // products of f32 at twice AVX2's rate; else at the same
  bool slow_bf16_dot = false;  // vdpbf16ps at half the rate of products of f32
  int cores = 1;
  long l1d_bytes = 32 << 10, l2_bytes = 1 << 20, l3_bytes = 16 << 20;
};

// Read once per process.
const CpuFeatures& cpu_features();
// Numbers of the CPUs that this thread may use now, ascending; on most systems the second threads of cores come last.
std::vector<int> process_cpus();
// The highest level the CPU has, lowered by the knob INGOT_ISA.
IsaLevel cpu_isa();

}  // namespace ingot
