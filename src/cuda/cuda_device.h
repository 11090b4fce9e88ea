// One NVIDIA GPU through CUDA's driver interface.
#pragma once
#include "cuda/driver.h"
#include "device/device.h"
#include "device/store.h"

namespace ingot::cuda {

// Throws kDevice when there is no driver or no such GPU. Compiled code and choices are kept in `store`.
std::unique_ptr<device::Device> open_cuda_device(int ordinal, std::shared_ptr<device::Store> store);
// The same without opening it; kUnsupported when NVRTC is missing.
void check_cuda_device(int ordinal);
// The libraries, and what became of each; never throws.
std::vector<device::Part> parts();

}  // namespace ingot::cuda
