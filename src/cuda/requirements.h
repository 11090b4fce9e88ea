// What a driver and a GPU must be for our kernels to run there.
#pragma once
#include <string>

namespace ingot::cuda {

inline constexpr int kLeastDriver = 12000;  // as cuDriverGetVersion counts: CUDA 12.0
inline constexpr int kLeastMajor = 8;       // Ampere: bf16 arithmetic, asynchronous copies

// Each throws kDevice, with what there is and what is needed.
void require_driver(int version);
void require_architecture(const std::string& gpu, int major, int minor);
// Why a driver may refuse what a compiler made, for the error of a module that is not loaded; "" when it should not.
std::string compiler_mismatch(int driver_version, int compiler_major);

}  // namespace ingot::cuda
