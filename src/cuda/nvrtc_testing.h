// For tests of what becomes of devices without a compiler.
#pragma once
#include <dlfcn.h>
#include <gnu/libc-version.h>

#include <filesystem>

namespace ingot::cuda {

// The C library under NVRTC's names: processes whose INGOT_CUDA_LIBRARIES begins with the folder have no NVRTC.
inline void put_decoy_of_nvrtc(const std::filesystem::path& folder) {
  Dl_info c_library{};
  ::dladdr(reinterpret_cast<const void*>(&::gnu_get_libc_version), &c_library);
  for (const char* name : {"libnvrtc.so.13", "libnvrtc.so.12"}) {
    std::filesystem::create_symlink(std::filesystem::canonical(c_library.dli_fname), folder / name);
  }
}

}  // namespace ingot::cuda
