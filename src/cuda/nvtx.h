// NVTX: names for what the host's threads do, for NVIDIA's profilers. Written after the headers of NVTX 3, whose way of
// being found by a profiler this is, so that no toolkit is needed to build.
#pragma once
#include <cstdint>
#include <string>

namespace ingot::cuda {

using NvtxTables = const void* (*)(uint32_t table);  // nvtxGetExportTable
using NvtxInitialize = int (*)(NvtxTables);          // InitializeInjectionNvtx2 of a profiler
using NvtxFunction = void (*)();                     // of a signature that its place in a table tells
using NvtxFunctionTable = NvtxFunction**;            // of pointers to them
struct NvtxCallbacks {                               // NvtxExportTableCallbacks
  size_t struct_size;
  int (*functions)(int module, NvtxFunctionTable* table, unsigned* size);
};
inline constexpr uint32_t kNvtxCallbacks = 1, kNvtxVersionInfo = 3;
inline constexpr int kNvtxCore = 1;                              // a module
inline constexpr size_t kNvtxRangePush = 9, kNvtxRangePop = 11;  // functions of it: RangePushA, RangePop

// Has a profiler put its functions into our tables; false when it declines.
bool attach_profiler(NvtxInitialize initialize);
// That of the library the environment names, once for the process; nothing without one.
void attach_profiler();

// A range of the calling thread; ranges of a thread nest. They cost a load where no profiler is attached.
void push_range(const char* name);
void pop_range();
bool ranges_wanted();

}  // namespace ingot::cuda
