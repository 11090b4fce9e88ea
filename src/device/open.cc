#include <cstring>

#include "base/component.h"
#include "base/error.h"
#include "device/device.h"

namespace ingot::device {
namespace {

constexpr const char* kFile = "libingot_cuda.so";

// Null, with the reason, when the component is missing or of another build.
const CudaComponent* cuda_component(std::string& reason) {
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

}  // namespace

std::unique_ptr<Device> open_device(const std::string& name) {
  if (name == "null") return open_null_device();
  if (name.rfind("null:", 0) == 0) return open_null_device(name.substr(5));
  const bool plain = name == "cuda";
  const bool numbered = name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() <= 8 &&
                        name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (!plain && !numbered) fail(Code::kInvalidArgument, "unknown device '{}'; valid: cpu, cuda, cuda:N, null", name);
  std::string reason;
  const CudaComponent* component = cuda_component(reason);
  if (component == nullptr) fail(Code::kDevice, "device {}: {}", name, reason);
  return std::unique_ptr<Device>(component->open(plain ? 0 : std::stoi(name.substr(5))));
}

std::vector<Part> cuda_parts() {
  std::string reason;
  const CudaComponent* component = cuda_component(reason);
  if (component == nullptr) return {{kFile, false, reason}};
  std::vector<Part> parts = component->parts();
  parts.insert(parts.begin(), {kFile, true, component->version});
  return parts;
}

}  // namespace ingot::device
