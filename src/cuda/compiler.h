// CUDA C++ to machine code with NVRTC; needs no GPU.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "cuda/shared_library.h"
#include "device/store.h"

namespace ingot::cuda {

// libnvrtc, loaded once.
const SharedLibrary& nvrtc_library();
// "13.0", or the empty text when there is none.
std::string nvrtc_version();
int nvrtc_major();  // 0: none
// The cubin for compute capability major.minor. kUnsupported when NVRTC is missing, kInternal with its log when the
// source is wrong.
std::string compile_cubin(const std::string& source, int major, int minor);
struct Cubin {
  std::string code;
  bool kept = false;  // by the store; else compiled now
};
// The cubin that the store keeps for the source, the compute capability, the options and NVRTC's version; else, or when
// `anew`, as compile_cubin and kept from here on.
Cubin find_cubin(device::Store& store, const std::string& source, int major, int minor, bool anew = false);
// Of each source, in order. Those that the store lacks are compiled on every core.
std::vector<Cubin> find_cubins(device::Store& store, std::span<const std::string> sources, int major, int minor);

}  // namespace ingot::cuda
