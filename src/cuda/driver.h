// The part of CUDA's driver interface (libcuda.so.1) that we call, declared here so that no toolkit is needed to build.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cuda/shared_library.h"

namespace ingot::cuda {

using Result = int;  // CUresult
using DevicePtr = unsigned long long;
using Context = struct CUctx_st*;
using Stream = struct CUstream_st*;
using Event = struct CUevent_st*;
using ModuleHandle = struct CUmod_st*;
using Function = struct CUfunc_st*;
using Graph = struct CUgraph_st*;
using GraphExec = struct CUgraphExec_st*;

inline constexpr Result kOutOfMemoryResult = 2;
inline constexpr int kAttributeProcessors = 16, kAttributeL2Bytes = 38, kAttributeMajor = 75, kAttributeMinor = 76;
inline constexpr unsigned kStreamNonBlocking = 1;
inline constexpr unsigned kEventDisableTiming = 2;
inline constexpr int kCaptureThreadLocal = 1;
inline constexpr int kLaunchProgrammatic = 6;  // CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION

// CUlaunchAttribute and CUlaunchConfig.
struct LaunchAttribute {
  int id = 0;
  alignas(8) union {
    char bytes[64];
    int allowed;
  } value = {};
};
struct LaunchConfig {
  unsigned grid[3] = {1, 1, 1}, block[3] = {1, 1, 1}, shared_bytes = 0;
  Stream stream = nullptr;
  LaunchAttribute* attributes = nullptr;
  unsigned attribute_count = 0;
};

struct Driver {
  Driver();
  SharedLibrary library;
  // Each as the CUDA driver API documents the function of this name (cu...).
  Result (*init)(unsigned) = nullptr;
  Result (*driver_version)(int*) = nullptr;
  Result (*error_string)(Result, const char**) = nullptr;
  Result (*device_count)(int*) = nullptr;
  Result (*device_get)(int*, int) = nullptr;
  Result (*device_name)(char*, int, int) = nullptr;
  Result (*device_attribute)(int*, int, int) = nullptr;
  Result (*device_total_mem)(size_t*, int) = nullptr;
  Result (*memory_info)(size_t*, size_t*) = nullptr;
  Result (*context_retain)(Context*, int) = nullptr;
  Result (*context_release)(int) = nullptr;
  Result (*context_set)(Context) = nullptr;
  Result (*context_get)(Context*) = nullptr;
  Result (*mem_alloc)(DevicePtr*, size_t) = nullptr;
  Result (*mem_free)(DevicePtr) = nullptr;
  Result (*host_alloc)(void**, size_t, unsigned) = nullptr;
  Result (*host_free)(void*) = nullptr;
  Result (*copy_in)(DevicePtr, const void*, size_t, Stream) = nullptr;
  Result (*copy_out)(void*, DevicePtr, size_t, Stream) = nullptr;
  Result (*copy)(DevicePtr, DevicePtr, size_t, Stream) = nullptr;
  Result (*context_synchronize)() = nullptr;
  Result (*stream_create)(Stream*, unsigned) = nullptr;
  Result (*stream_destroy)(Stream) = nullptr;
  Result (*stream_synchronize)(Stream) = nullptr;
  Result (*stream_wait)(Stream, Event, unsigned) = nullptr;
  Result (*capture_begin)(Stream, int) = nullptr;
  Result (*capture_end)(Stream, Graph*) = nullptr;
  Result (*graph_instantiate)(GraphExec*, Graph, unsigned long long) = nullptr;
  Result (*graph_launch)(GraphExec, Stream) = nullptr;
  Result (*graph_destroy)(Graph) = nullptr;
  Result (*graph_exec_destroy)(GraphExec) = nullptr;
  Result (*event_create)(Event*, unsigned) = nullptr;
  Result (*event_record)(Event, Stream) = nullptr;
  Result (*event_synchronize)(Event) = nullptr;
  Result (*event_elapsed)(float*, Event, Event) = nullptr;
  Result (*event_destroy)(Event) = nullptr;
  Result (*module_load)(ModuleHandle*, const void*) = nullptr;
  Result (*module_unload)(ModuleHandle) = nullptr;
  Result (*module_function)(Function*, ModuleHandle, const char*) = nullptr;
  Result (*launch)(const LaunchConfig*, Function, void**, void**) = nullptr;

  // Throws kOutOfMemory or kDevice with the driver's text when `result` is an error.
  void check(Result result, const char* what) const;
};

// Loaded once. Its library says when there is none.
Driver& driver();
// Of the calling thread; null: none. Throws kDevice.
Context current_context();

}  // namespace ingot::cuda
