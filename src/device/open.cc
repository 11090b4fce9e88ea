#include <cstring>

#include "base/component.h"
#include "base/error.h"
#include "device/device.h"
#include "device/names.h"
#include "device/plan_store.h"
#include "device/store.h"

namespace ingot::device {
namespace {

constexpr const char* kFile = "libingot_cuda.so";

// Null, with the reason, when the component is missing or of another build.
const CudaComponent* find_cuda_component(std::string& reason) {
  void* library = open_component(kFile, reason);
  if (library == nullptr) return nullptr;
  using Entry = const CudaComponent* (*)();
  const auto entry = reinterpret_cast<Entry>(component_symbol(library, "ingot_cuda_component"));
  const CudaComponent* component = entry != nullptr ? entry() : nullptr;
  if (component != nullptr && std::strcmp(component->version, INGOT_LIBRARY_VERSION) == 0) return component;
  reason = fmt::format("{} is of version {}, this library of {}", kFile,
                       component != nullptr ? component->version : "unknown", INGOT_LIBRARY_VERSION);
  return nullptr;
}

int checked_ordinal(const std::string& name) {
  const auto ordinal = cuda_ordinal(name);
  if (!ordinal) fail(Code::kInvalidArgument, "unknown device '{}'; valid: cpu, cuda, cuda:N, null", name);
  return *ordinal;
}

bool is_null(const std::string& name) { return name == "null" || name.rfind("null:", 0) == 0; }

const CudaComponent& cuda_component(const std::string& name) {
  std::string reason;
  const CudaComponent* component = find_cuda_component(reason);
  if (component == nullptr) fail(Code::kDevice, "device {}: {}", name, reason);
  return *component;
}

}  // namespace

std::unique_ptr<Device> open_device(const std::string& name) { return open_device(name, {}); }

std::unique_ptr<Device> open_device(const std::string& name, std::span<const DeviceCode> allowed) {
  if (is_null(name)) return open_null_device(name == "null" ? "" : name.substr(5));
  const int ordinal = checked_ordinal(name);
  const auto store = allowed.empty() ? user_store() : with_code(user_store(), allowed);
  return std::unique_ptr<Device>(cuda_component(name).open(ordinal, store));
}

std::vector<CompiledCode> compile_code(std::span<const std::string> sources, int major, int minor) {
  return cuda_component("cuda").compile(sources, major, minor);
}

void check_device(const std::string& name) {
  if (is_null(name)) {
    open_device(name);
    return;
  }
  const int ordinal = checked_ordinal(name);
  cuda_component(name).check(ordinal);
}

std::vector<Part> cuda_parts() {
  std::string reason;
  const CudaComponent* component = find_cuda_component(reason);
  if (component == nullptr) return {{kFile, false, reason}};
  std::vector<Part> parts = component->parts();
  parts.insert(parts.begin(), {kFile, true, component->version});
  return parts;
}

}  // namespace ingot::device
