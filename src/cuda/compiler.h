// CUDA C++ to machine code with NVRTC; needs no GPU.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "cuda/shared_library.h"
#include "device/device.h"
#include "device/store.h"

namespace ingot::cuda {

// libnvrtc, loaded once.
const SharedLibrary& nvrtc_library();
// "13.0", or the empty text when there is none.
std::string nvrtc_version();
int nvrtc_major();  // 0: none
// The cubin for compute capability major.minor. kUnsupported when NVRTC is missing or knows no such capability,
// kInternal with its log when the source is wrong.
std::string compile_cubin(const std::string& source, int major, int minor);
// What plans know a source by.
Hash128 name_in_plans(const std::string& source);
// As device::compile_code.
std::vector<device::CompiledCode> compile_all(std::span<const std::string> sources, int major, int minor);

enum class Origin : uint8_t {
  kCompiled,    // now
  kKept,        // by the store
  kBrought,     // with a plan
  kTranslated,  // PTX that came with a plan: the driver compiles it
};
struct Cubin {
  std::string code;
  Origin origin = Origin::kCompiled;
};
// The cubin that the store keeps for the source, the compute capability, the options and NVRTC's version; else what
// came with a plan; else as compile_cubin and kept from here on; else, without NVRTC, PTX that came with a plan.
// `anew`: the first two are passed over.
Cubin find_cubin(device::Store& store, const std::string& source, int major, int minor, bool anew = false);
// Of each source, in order. Those that have to be compiled are on every core.
std::vector<Cubin> find_cubins(device::Store& store, std::span<const std::string> sources, int major, int minor);

}  // namespace ingot::cuda
