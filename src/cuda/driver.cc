#include "cuda/driver.h"

#include "base/error.h"

namespace ingot::cuda {

Driver::Driver() : library({"libcuda.so.1"}) {
  library.get("cuInit", init);
  library.get("cuDriverGetVersion", driver_version);
  library.get("cuGetErrorString", error_string);
  library.get("cuDeviceGetCount", device_count);
  library.get("cuDeviceGet", device_get);
  library.get("cuDeviceGetName", device_name);
  library.get("cuDeviceGetAttribute", device_attribute);
  library.get("cuDeviceTotalMem_v2", device_total_mem);
  library.get("cuMemGetInfo_v2", memory_info);
  library.get("cuDevicePrimaryCtxRetain", context_retain);
  library.get("cuDevicePrimaryCtxRelease_v2", context_release);
  library.get("cuCtxSetCurrent", context_set);
  library.get("cuCtxGetCurrent", context_get);
  library.get("cuMemAlloc_v2", mem_alloc);
  library.get("cuMemFree_v2", mem_free);
  library.get("cuMemHostAlloc", host_alloc);
  library.get("cuMemFreeHost", host_free);
  library.get("cuMemcpyHtoDAsync_v2", copy_in);
  library.get("cuMemcpyDtoHAsync_v2", copy_out);
  library.get("cuMemcpyDtoDAsync_v2", copy);
  library.get("cuCtxSynchronize", context_synchronize);
  library.get("cuStreamCreate", stream_create);
  library.get("cuStreamDestroy_v2", stream_destroy);
  library.get("cuStreamSynchronize", stream_synchronize);
  library.get("cuStreamWaitEvent", stream_wait);
  library.get("cuStreamBeginCapture_v2", capture_begin);
  library.get("cuStreamEndCapture", capture_end);
  library.get("cuGraphInstantiateWithFlags", graph_instantiate);
  library.get("cuGraphLaunch", graph_launch);
  library.get("cuGraphDestroy", graph_destroy);
  library.get("cuGraphExecDestroy", graph_exec_destroy);
  library.get("cuEventCreate", event_create);
  library.get("cuEventRecord", event_record);
  library.get("cuEventSynchronize", event_synchronize);
  library.get("cuEventElapsedTime", event_elapsed);
  library.get("cuEventDestroy_v2", event_destroy);
  library.get("cuModuleLoadData", module_load);
  library.get("cuModuleUnload", module_unload);
  library.get("cuModuleGetFunction", module_function);
  library.get("cuLaunchKernelEx", launch);
}

void Driver::check(Result result, const char* what) const {
  if (result == 0) return;
  const char* text = nullptr;
  if (error_string == nullptr || error_string(result, &text) != 0 || text == nullptr) text = "unknown error";
  fail(result == kOutOfMemoryResult ? Code::kOutOfMemory : Code::kDevice, "{}: {} (CUDA error {})", what, text, result);
}

Driver& driver() {
  static Driver driver;
  return driver;
}

Context current_context() {
  Context context = nullptr;
  driver().check(driver().context_get(&context), "asking for the context");
  return context;
}

}  // namespace ingot::cuda
