// Memory of GPUs inside ONNX Runtime: what it calls that memory, what allocates it, and what copies from, to and within
// it. Sessions on a GPU get and give values there (docs/onnxruntime.md).
#pragma once

#include <memory>
#include <string>

#include "graph_view.h"
#include "handles.h"

namespace ingot_ort {

struct MemoryInfoRelease {
  void operator()(OrtMemoryInfo* info) const { ort::ReleaseMemoryInfo(info); }
};
// The memory of one device. Lives as long as the factory: ONNX Runtime keeps `info` by address.
struct DeviceMemory {
  explicit DeviceMemory(const std::string& device);  // "cuda:1", "null"

  std::string device;
  std::unique_ptr<OrtMemoryInfo, MemoryInfoRelease> info;
};

// Ingot's name of the device in whose memory the value lies; "": the host's. Throws Failure for devices of others.
std::string device_of(const OrtValue* value);

// A tensor at `data`, which outlives it, in memory of the device of that name; "": the host's.
ValueHandle borrow(const ingot_tensor_type& type, const std::string& device, const void* data);

// Copies `size` bytes; devices by Ingot's names, "" for the host. Done when it returns. Each copy is a verbose line of
// ONNX Runtime's log.
void copy_bytes(const std::string& to_device, void* to, const std::string& from_device, const void* from, size_t size);
// The bytes of one tensor to another of its type and shape.
void copy_tensor(OrtValue* to, const OrtValue* from);

// For the factory. An allocator keeps what it is given back for later requests until it is released, or the device is
// full. Threads: any number at once.
OrtAllocator* make_allocator(const DeviceMemory& memory);
void release_allocator(OrtAllocator* allocator);
OrtDataTransferImpl* make_data_transfer();

// MemcpyFromHost and MemcpyToHost, the nodes that ONNX Runtime puts between a GPU's part of a model and another's.
const OrtKernelRegistry* copy_kernels();

}  // namespace ingot_ort
