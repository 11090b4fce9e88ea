// One NVIDIA GPU through CUDA's driver interface.
#pragma once
#include "cuda/driver.h"
#include "device/device.h"

namespace ingot::cuda {

// Throws kDevice when there is no driver or no such GPU.
std::unique_ptr<device::Device> open_cuda_device(int ordinal);
// The same without opening it; kUnsupported when NVRTC is missing.
void check_cuda_device(int ordinal);
// The libraries, and what became of each; never throws.
std::vector<device::Part> parts();

}  // namespace ingot::cuda
