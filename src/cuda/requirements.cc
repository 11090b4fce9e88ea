#include "cuda/requirements.h"

#include "base/error.h"

namespace ingot::cuda {

void require_driver(int version) {
  if (version >= kLeastDriver) return;
  fail(Code::kDevice, "the NVIDIA driver is too old: it is for CUDA {}.{}, CUDA {}.{} or newer is needed",
       version / 1000, version % 1000 / 10, kLeastDriver / 1000, kLeastDriver % 1000 / 10);
}

void require_architecture(const std::string& gpu, int major, int minor) {
  if (major >= kLeastMajor) return;
  fail(Code::kDevice, "the GPU {} has compute capability {}.{}, {}.0 or newer is needed", gpu, major, minor,
       kLeastMajor);
}

std::string compiler_mismatch(int driver_version, int compiler_major) {
  if (compiler_major <= driver_version / 1000) return "";
  return fmt::format("; NVRTC is of CUDA {}, the driver for CUDA {}: a newer driver or NVRTC of CUDA {} is needed",
                     compiler_major, driver_version / 1000, driver_version / 1000);
}

}  // namespace ingot::cuda
