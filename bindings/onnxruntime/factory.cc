// The two symbols of the plugin, and the factory behind them.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "provider.h"

namespace ingot_ort {
namespace {

struct Factory : OrtEpFactory {
  Factory();
};

OrtStatus* supported_devices(OrtEpFactory* self, const OrtHardwareDevice* const* devices, size_t count,
                             OrtEpDevice** out, size_t capacity, size_t* written) {
  *written = 0;
  return guarded([&] {
    for (size_t i = 0; i < count && *written < capacity; ++i) {
      if (ort::HardwareDevice_Type(devices[i]) == kCpuDevice) {
        check(ort::CreateEpDevice(self, devices[i], nullptr, nullptr, &out[*written]));
        ++*written;
      }
    }
  });
}

OrtStatus* create_ep(OrtEpFactory*, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*, size_t,
                     const OrtSessionOptions* options, const OrtLogger* logger, OrtEp** ep) {
  *ep = nullptr;
  return guarded([&] { *ep = new Provider(read_options(options), logger); });
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

Factory::Factory() : OrtEpFactory{} {
  ort_version_supported = declared_api;
  GetName = [](const OrtEpFactory*) { return kName; };
  GetVendor = [](const OrtEpFactory*) { return "Ingot"; };
  GetSupportedDevices = supported_devices;
  CreateEp = create_ep;
  ReleaseEp = [](OrtEpFactory*, OrtEp* ep) { delete static_cast<Provider*>(ep); };
  GetVendorId = [](const OrtEpFactory*) { return uint32_t{0}; };
  GetVersion = [](const OrtEpFactory*) { return ingot_version(); };
  ValidateCompiledModelCompatibilityInfo = validate;
  CreateAllocator = [](OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*, OrtAllocator** allocator) {
    *allocator = nullptr;  // host memory is ONNX Runtime's own
    return static_cast<OrtStatus*>(nullptr);
  };
  ReleaseAllocator = [](OrtEpFactory*, OrtAllocator*) {};
  CreateDataTransfer = [](OrtEpFactory*, void** transfer) {
    *transfer = nullptr;
    return static_cast<OrtStatus*>(nullptr);
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
  declared_api = std::min(api, kProfilingApi);
  ep_table = ort::GetEpApi();
  editor_table = ort::GetModelEditorApi();
  if (!ep_table || !editor_table) {
    throw Failure(kFail, std::string("Ingot: ONNX Runtime ") + version + " was built without its plugin interface");
  }
}

}  // namespace
}  // namespace ingot_ort

extern "C" {

__attribute__((visibility("default"))) OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base,
                                                                    const OrtLogger*, OrtEpFactory** factories,
                                                                    size_t capacity, size_t* count) {
  using namespace ingot_ort;
  *count = 0;
  return guarded([&] {
    open_tables(base);
    if (capacity < 1) {
      throw Failure(kInvalidArgument, "Ingot: no room for a factory");
    }
    factories[0] = new Factory;
    *count = 1;
  });
}

__attribute__((visibility("default"))) OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<ingot_ort::Factory*>(factory);
  return nullptr;
}
}
