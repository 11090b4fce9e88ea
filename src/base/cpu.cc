#include "base/cpu.h"

#include <cpuid.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/knobs.h"

namespace ingot {
namespace {

constexpr const char* kIsaNames[] = {"reference", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"};

std::string read_model_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

bool proc_flag(std::string_view flag) {
  static const std::string flags = [] {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("flags", 0) == 0) return line + " ";
    }
    return std::string();
  }();
  return flags.find(" " + std::string(flag) + " ") != std::string::npos;
}

// Family and model as the vendors' manuals count them: extended fields added.
std::string read_microarchitecture(bool avx512) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return "";
  const unsigned family = (eax >> 8 & 0xf) + (eax >> 20 & 0xff), model = (eax >> 4 & 0xf) | (eax >> 12 & 0xf0);
  if (__builtin_cpu_is("amd") && family == 0x19 && avx512) return "zen4";  // Zen 3 has the same family, not AVX-512
  if (__builtin_cpu_is("intel") && family == 6 && (model == 0x8f || model == 0xcf)) return "sapphire_rapids";
  return "";
}

long cache_bytes(int name, long fallback) {
  const long value = ::sysconf(name);
  return value > 0 ? value : fallback;
}

// Linux lets a process use AMX's tile data once it has asked for it (arch_prctl, ARCH_REQ_XCOMP_PERM).
bool may_use_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

CpuFeatures detect() {
  CpuFeatures cpu;
  cpu.model = read_model_name();
  // __builtin_cpu_supports also checks that the operating system saves the registers.
  cpu.avx2 = __builtin_cpu_supports("avx2");
  cpu.fma = __builtin_cpu_supports("fma");
  cpu.f16c = proc_flag("f16c");
  cpu.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512cd");
  cpu.microarchitecture = read_microarchitecture(cpu.avx512);
  cpu.avx512_vnni = cpu.avx512 && __builtin_cpu_supports("avx512vnni");
  cpu.avx512_bf16 = cpu.avx512 && proc_flag("avx512_bf16");
  cpu.avx512_fp16 = cpu.avx512 && proc_flag("avx512_fp16");
  cpu.double_fma512 = cpu.avx512_bf16 && __builtin_cpu_is("intel");
  // Since Golden Cove Intel's cores split the instruction into four; AMD's Zen 4 has it at twice the rate of f32.
  cpu.slow_bf16_dot = cpu.avx512_bf16 && cpu.avx512_fp16 && __builtin_cpu_is("intel");
  cpu.avx_vnni = proc_flag("avx_vnni");
  if (proc_flag("amx_tile") && may_use_tiles()) {
    cpu.amx_bf16 = proc_flag("amx_bf16");
    cpu.amx_int8 = proc_flag("amx_int8");
  }
  if (const auto cpus = process_cpus(); !cpus.empty()) cpu.cores = static_cast<int>(cpus.size());
  cpu.l1d_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, cpu.l1d_bytes);
  cpu.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, cpu.l2_bytes);
  cpu.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, cpu.l3_bytes);
  return cpu;
}

IsaLevel detected_level(const CpuFeatures& cpu) {
  if (!(cpu.avx2 && cpu.fma && cpu.f16c)) return IsaLevel::kReference;
  if (!cpu.avx512) return IsaLevel::kAvx2;
  if (!cpu.avx512_vnni) return IsaLevel::kAvx512;
  if (!cpu.avx512_bf16) return IsaLevel::kAvx512Vnni;
  return cpu.amx_bf16 && cpu.amx_int8 ? IsaLevel::kAmx : IsaLevel::kAvx512Bf16;
}

}  // namespace

const char* isa_name(IsaLevel level) { return kIsaNames[static_cast<int>(level)]; }

IsaLevel parse_isa(std::string_view name) {
  std::string valid;
  for (int i = 0; i < 6; ++i) {
    if (name == kIsaNames[i]) return static_cast<IsaLevel>(i);
    valid += std::string(i ? ", " : "") + kIsaNames[i];
  }
  fail(Code::kInvalidArgument, "unknown ISA level '{}'; valid: {}", name, valid);
}

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

std::vector<int> process_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

IsaLevel cpu_isa() {
  const IsaLevel detected = detected_level(cpu_features());
  const std::string wanted = knobs::isa.get();
  return wanted.empty() ? detected : std::min(detected, parse_isa(wanted));
}

}  // namespace ingot
