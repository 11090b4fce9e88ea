#include "device_memory.h"

#include <cstdlib>
#include <iterator>
#include <optional>

#include "kernel_registry.h"

namespace ingot_ort {
namespace {

// Ingot's name of the device, "" for the host; nothing for memory that is not known here.
std::optional<std::string> name_of(const OrtMemoryDevice* device) {
  const int kind = ort::MemoryDevice_GetDeviceType(device);
  if (kind == kCpuMemory || ort::MemoryDevice_GetMemoryType(device) == kHostAccessible) {
    return "";
  }
  const uint32_t vendor = ort::MemoryDevice_GetVendorId(device);
  if (kind == kGpuMemory && vendor == kNvidia) {
    return "cuda:" + std::to_string(ort::MemoryDevice_GetDeviceId(device));
  }
  return kind == kGpuMemory && vendor == kNoVendor ? std::optional<std::string>("null") : std::nullopt;
}

ValueHandle bytes_at(const std::string& device, const void* data, size_t size) {
  const auto count = static_cast<int64_t>(size);
  return borrow({INGOT_U8, 1, &count}, device, data);
}

void log_copy(const std::string& from, const std::string& to, size_t size) {
  int severity = 0;
  check(ort::GetLoggingSeverityLevel(default_logger, &severity));
  if (severity > 0) {
    return;
  }
  const auto name = [](const std::string& device) { return device.empty() ? std::string("the host") : device; };
  const std::string line = "Ingot: " + std::to_string(size) + " bytes copied from " + name(from) + " to " + name(to);
  check(ort::LogMessage(default_logger, 0, line.c_str(), __FILE__, __LINE__, __func__));
}

struct DataTransfer : OrtDataTransferImpl {
  DataTransfer() : OrtDataTransferImpl{declared_api, release, can_copy, copy_tensors} {}

  static void release(OrtDataTransferImpl* self) { delete static_cast<DataTransfer*>(self); }
  static bool can_copy(const OrtDataTransferImpl*, const OrtMemoryDevice* from, const OrtMemoryDevice* to) {
    const auto source = name_of(from), target = name_of(to);
    return source && target && !(source->empty() && target->empty());
  }
  static OrtStatus* copy_tensors(OrtDataTransferImpl*, const OrtValue** from, OrtValue** to, OrtSyncStream**,
                                 size_t count) {
    return guarded([&] {
      for (size_t i = 0; i < count; ++i) {
        copy_tensor(to[i], from[i]);
      }
    });
  }
};

struct CopyKernel : OrtKernelImpl {
  CopyKernel() : OrtKernelImpl{declared_api, 0, compute, release, {}} {}

  static void release(OrtKernelImpl* self) { delete static_cast<CopyKernel*>(self); }
  static OrtStatus* compute(OrtKernelImpl*, OrtKernelContext* context) {
    return guarded([&] {
      const OrtValue* from = nullptr;
      check(ort::KernelContext_GetInput(context, 0, &from));
      const TensorView view = view_tensor(from);
      OrtValue* to = nullptr;
      check(ort::KernelContext_GetOutput(context, 0, view.shape, view.rank, &to));
      copy_tensor(to, from);
    });
  }
  static OrtStatus* make(void*, const OrtKernelInfo*, OrtKernelImpl** kernel) {
    return guarded([&] { *kernel = new CopyKernel(); });
  }
};

constexpr KernelRow kCopies[] = {{"MemcpyFromHost", 1, 1, CopyKernel::make, true, false},
                                 {"MemcpyToHost", 1, 1, CopyKernel::make, false, true}};

}  // namespace

DeviceMemory::DeviceMemory(const std::string& name) : device(name) {
  const size_t colon = name.find(':');
  const int number = colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1);
  const uint32_t vendor = name.rfind("cuda", 0) == 0 ? kNvidia : kNoVendor;
  OrtMemoryInfo* made = nullptr;
  check(ort::CreateMemoryInfo_V2("Ingot", kGpuMemory, vendor, number, 0, 0, kDeviceAllocator, &made));
  info.reset(made);
}

std::string device_of(const OrtValue* value) {
  auto name = name_of(ort::Value_GetMemoryDevice(value));
  if (!name) {
    throw Failure(kInvalidArgument, "Ingot: a value lies in memory of a device that is not Ingot's");
  }
  return *std::move(name);
}

ValueHandle borrow(const ingot_tensor_type& type, const std::string& device, const void* data) {
  ingot_value* value = nullptr;
  check(device.empty() ? ingot_value_borrow(&type, data, nullptr, nullptr, &value)
                       : ingot_value_borrow_device(&type, device.c_str(), reinterpret_cast<uint64_t>(data), nullptr,
                                                   nullptr, &value));
  return ValueHandle(value);
}

void copy_bytes(const std::string& to_device, void* to, const std::string& from_device, const void* from, size_t size) {
  if (size == 0) {
    return;
  }
  log_copy(from_device, to_device, size);
  const ValueHandle target = bytes_at(to_device, to, size), source = bytes_at(from_device, from, size);
  check(ingot_value_write(target.get(), source.get()));
}

void copy_tensor(OrtValue* to, const OrtValue* from) {
  const TensorView source = view_tensor(from), target = view_tensor(to);
  const size_t size = byte_size(source.dtype, source.shape, source.rank);
  if (size != byte_size(target.dtype, target.shape, target.rank)) {
    throw Failure(kInvalidArgument, "Ingot: a tensor is copied to one of another size");
  }
  copy_bytes(device_of(to), const_cast<void*>(target.data), device_of(from), source.data, size);
}

OrtDataTransferImpl* make_data_transfer() { return new DataTransfer(); }

const OrtKernelRegistry* copy_kernels() {
  static const KernelRegistry made = make_registry(kCopies, std::size(kCopies));
  return made.get();
}

}  // namespace ingot_ort
