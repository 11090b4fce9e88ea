#include "cuda/nvtx.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "base/knobs.h"

namespace ingot::cuda {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kModules = 7, kMostFunctions = 16;
// Of each module: functions and one that stands for none (NVTX_CBID_..._SIZE).
constexpr std::array<unsigned, kModules> kSizes = {0, 16, 9, 15, 7, 16, 7};

struct VersionInfo {  // NvtxExportTableVersionInfo
  size_t struct_size;
  uint32_t version, reserved;
  void (*set_profiler_version)(uint32_t);
};

// What a profiler fills in. Modules other than the core are there because profilers expect them; nothing calls them.
struct Tables {
  NvtxFunction functions[kModules][kMostFunctions] = {};
  NvtxFunction* pointers[kModules][kMostFunctions + 1] = {};
  Tables() {
    for (size_t module = 1; module < kModules; ++module) {
      for (size_t i = 1; i < kSizes[module]; ++i) pointers[module][i] = &functions[module][i];
    }
  }
};
Tables& tables() {
  static Tables tables;
  return tables;
}

int functions_of(int module, NvtxFunctionTable* table, unsigned* size) {
  if (module < 1 || module >= static_cast<int>(kModules)) return 0;
  if (table != nullptr) *table = tables().pointers[module];
  if (size != nullptr) *size = kSizes[static_cast<size_t>(module)];
  return 1;
}

const void* export_table(uint32_t which) {
  static const NvtxCallbacks callbacks{sizeof(NvtxCallbacks), functions_of};
  static const VersionInfo version{sizeof(VersionInfo), kVersion, 0, [](uint32_t) {}};
  if (which == kNvtxCallbacks) return &callbacks;
  return which == kNvtxVersionInfo ? &version : nullptr;
}

template <class Function> Function core(size_t index) {
  return reinterpret_cast<Function>(tables().functions[kNvtxCore][index]);
}

}  // namespace

bool attach_profiler(NvtxInitialize initialize) {
  if (initialize(export_table) != 0) return true;
  for (auto& module : tables().functions) std::fill(std::begin(module), std::end(module), nullptr);
  return false;
}

void attach_profiler() {
  static std::once_flag once;
  std::call_once(once, [] {
    const std::string path = profiler_library();
    void* library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_LAZY);
    if (library == nullptr) return;
    const auto initialize = reinterpret_cast<NvtxInitialize>(dlsym(library, "InitializeInjectionNvtx2"));
    if (initialize == nullptr || !attach_profiler(initialize)) dlclose(library);
  });
}

bool ranges_wanted() { return core<NvtxFunction>(kNvtxRangePush) != nullptr; }
void push_range(const char* name) {
  if (const auto push = core<int (*)(const char*)>(kNvtxRangePush)) push(name);
}
void pop_range() {
  if (const auto pop = core<int (*)()>(kNvtxRangePop)) pop();
}

}  // namespace ingot::cuda
