// The two symbols of the plugin, and the factory behind them.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <string_view>

#include "device_memory.h"
#include "provider.h"

namespace ingot_ort {
namespace {

constexpr char kDeviceKey[] = "ingot_device";  // in the metadata of what GetEpDevices lists: "cpu", "cuda:1"

struct PairsRelease {
  void operator()(OrtKeyValuePairs* pairs) const { ort::ReleaseKeyValuePairs(pairs); }
};
using Pairs = std::unique_ptr<OrtKeyValuePairs, PairsRelease>;

Pairs make_pairs(const char* key, const char* value) {
  OrtKeyValuePairs* made = nullptr;
  ort::CreateKeyValuePairs(&made);
  ort::AddKeyValuePair(made, key, value);
  return Pairs(made);
}

struct HardwareRelease {
  void operator()(OrtHardwareDevice* device) const { ort::ReleaseHardwareDevice(device); }
};

struct Factory : OrtEpFactory {
  explicit Factory(bool offers_virtual_device);
  const bool offers_virtual;
  std::unique_ptr<OrtHardwareDevice, HardwareRelease> virtual_device;
  std::list<DeviceMemory> memories;  // of the GPUs that were offered
};

// Whether sessions can be made on `device`.
bool is_there(const std::string& device) {
  ingot_error* error = ingot_device_check(device.c_str());
  ingot_error_release(error);
  return error == nullptr;
}

// Ingot's name of a hardware device, or "" when it has none. NVIDIA's GPUs count in ONNX Runtime's order, as they do
// for its own CUDA provider.
std::string device_of(const OrtHardwareDevice* hardware, int* gpus) {
  const int kind = ort::HardwareDevice_Type(hardware);
  if (kind == kCpuDevice) {
    return "cpu";
  }
  if (kind != kGpuDevice || ort::HardwareDevice_VendorId(hardware) != kNvidia) {
    return "";
  }
  const std::string name = "cuda:" + std::to_string((*gpus)++);
  return is_there(name) ? name : "";
}

// The memory of a GPU that is offered. ONNX Runtime asks once per registration and keeps what it gets.
const OrtMemoryInfo* memory_of(Factory& factory, const std::string& device) {
  for (const DeviceMemory& each : factory.memories) {
    if (each.device == device) {
      return each.info.get();
    }
  }
  return factory.memories.emplace_back(device).info.get();
}

OrtStatus* supported_devices(OrtEpFactory* self, const OrtHardwareDevice* const* devices, size_t count,
                             OrtEpDevice** out, size_t capacity, size_t* written) {
  *written = 0;
  return guarded([&] {
    auto* factory = static_cast<Factory*>(self);
    const auto offer = [&](const OrtHardwareDevice* hardware, const std::string& name) {
      if (name.empty() || *written == capacity) {
        return;
      }
      const Pairs metadata = make_pairs(kDeviceKey, name.c_str());
      check(ort::CreateEpDevice(self, hardware, metadata.get(), nullptr, &out[*written]));
      OrtEpDevice* const made = out[(*written)++];
      if (name != "cpu") {
        check(ort::EpDevice_AddAllocatorInfo(made, memory_of(*factory, name)));
      }
    };
    int gpus = 0;
    for (size_t i = 0; i < count; ++i) {
      offer(devices[i], device_of(devices[i], &gpus));
    }
    if (factory->offers_virtual && !factory->virtual_device) {
      const Pairs metadata = make_pairs("is_virtual", "1");
      OrtHardwareDevice* made = nullptr;
      check(ort::CreateHardwareDevice(kGpuDevice, kNoVendor, 0, "Ingot", metadata.get(), &made));
      factory->virtual_device.reset(made);
    }
    if (factory->virtual_device) {
      offer(factory->virtual_device.get(), "null");
    }
  });
}

// Host memory is ONNX Runtime's own.
OrtStatus* create_allocator(OrtEpFactory* self, const OrtMemoryInfo* info, const OrtKeyValuePairs*,
                            OrtAllocator** allocator) {
  *allocator = nullptr;
  return guarded([&] {
    const OrtMemoryDevice* device = ort::MemoryInfo_GetMemoryDevice(info);
    for (const DeviceMemory& each : static_cast<Factory*>(self)->memories) {
      if (ort::MemoryDevice_AreEqual(device, ort::MemoryInfo_GetMemoryDevice(each.info.get()))) {
        *allocator = make_allocator(each);
      }
    }
  });
}

// The session's devices: an accelerator, where one was chosen, is what the plan is for.
OrtStatus* create_ep(OrtEpFactory* self, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const* metadata,
                     size_t count, const OrtSessionOptions* options, const OrtLogger* logger, OrtEp** ep) {
  *ep = nullptr;
  return guarded([&] {
    std::string device = "cpu";
    for (size_t i = 0; i < count && device == "cpu"; ++i) {
      const char* name = ort::GetKeyValue(metadata[i], kDeviceKey);
      device = name ? name : device;
    }
    const OrtMemoryDevice* memory =
        device == "cpu" ? nullptr : ort::MemoryInfo_GetMemoryDevice(memory_of(*static_cast<Factory*>(self), device));
    *ep = new Provider(read_options(options, device), memory, logger);
  });
}

// A plan for another CPU or library is built again from the graph that it carries when the session is made.
OrtStatus* validate(OrtEpFactory*, const OrtHardwareDevice* const*, size_t, const char* info, int* compatibility) {
  return guarded([&] {
    const std::string target = info ? info : "";
    *compatibility = target == ingot_target_text()    ? kOptimal
                     : target.rfind("ingot ", 0) == 0 ? kPreferRecompilation
                                                      : kUnsupported;
  });
}

Factory::Factory(bool offers_virtual_device) : OrtEpFactory{}, offers_virtual(offers_virtual_device) {
  ort_version_supported = declared_api;
  GetName = [](const OrtEpFactory*) { return kName; };
  GetVendor = [](const OrtEpFactory*) { return "Ingot"; };
  GetSupportedDevices = supported_devices;
  CreateEp = create_ep;
  ReleaseEp = [](OrtEpFactory*, OrtEp* ep) { delete static_cast<Provider*>(ep); };
  GetVendorId = [](const OrtEpFactory*) { return uint32_t{0}; };
  GetVersion = [](const OrtEpFactory*) { return ingot_version(); };
  ValidateCompiledModelCompatibilityInfo = validate;
  CreateAllocator = create_allocator;
  ReleaseAllocator = [](OrtEpFactory*, OrtAllocator* allocator) { release_allocator(allocator); };
  CreateDataTransfer = [](OrtEpFactory*, OrtDataTransferImpl** transfer) {
    return guarded([&] { *transfer = make_data_transfer(); });
  };
  IsStreamAware = [](const OrtEpFactory*) { return false; };
}

// Y of "1.Y.Z"; 0 for what is not of this form.
uint32_t api_version(const char* version) {
  return std::strncmp(version, "1.", 2) == 0 ? static_cast<uint32_t>(std::strtoul(version + 2, nullptr, 10)) : 0;
}

// Takes the tables of the runtime's own version. A runtime that has none that serves is refused with a status where it
// can make one: CreateStatus is slot 0 of every version.
void open_tables(const OrtApiBase* base) {
  const char* version = base->GetVersionString();
  const uint32_t api = api_version(version);
  api_table = api >= kLeastApi ? base->GetApi(api) : nullptr;
  if (!api_table) {
    api_table = base->GetApi(1);
    throw Failure(kFail,
                  std::string("Ingot: needs ONNX Runtime 1.24 or newer with its C interface, this is ") + version);
  }
  runtime_api = api;
  declared_api = std::min(api, kMemoryDeviceApi);
  ep_table = ort::GetEpApi();
  editor_table = ort::GetModelEditorApi();
  if (!ep_table || !editor_table) {
    throw Failure(kFail, std::string("Ingot: ONNX Runtime ") + version + " was built without its plugin interface");
  }
}

}  // namespace
}  // namespace ingot_ort

// NOLINTBEGIN(readability-identifier-naming): the names are ONNX Runtime's.
extern "C" {

__attribute__((visibility("default"))) OrtStatus* CreateEpFactories(const char* name, const OrtApiBase* base,
                                                                    const OrtLogger* logger, OrtEpFactory** factories,
                                                                    size_t capacity, size_t* count) {
  using namespace ingot_ort;
  *count = 0;
  return guarded([&] {
    open_tables(base);
    default_logger = logger;
    if (capacity < 1) {
      throw Failure(kInvalidArgument, "Ingot: no room for a factory");
    }
    // Only such a registration may make devices up (ONNX Runtime's rule).
    const std::string_view registration = name ? name : "", suffix = ".virtual";
    factories[0] = new Factory(registration.size() >= suffix.size() &&
                               registration.substr(registration.size() - suffix.size()) == suffix);
    *count = 1;
  });
}

__attribute__((visibility("default"))) OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<ingot_ort::Factory*>(factory);
  return nullptr;
}
}  // extern "C"
// NOLINTEND(readability-identifier-naming)
