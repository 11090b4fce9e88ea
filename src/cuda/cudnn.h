// Convolutions through cuDNN 9's graph interface.
#pragma once
#include "cuda/driver.h"
#include "device/device.h"

namespace ingot::cuda {

const SharedLibrary& cudnn_library();
std::string cudnn_version();
// What cuDNN's heuristics propose, best guess first. kUnsupported when the library is missing or proposes nothing.
std::vector<std::unique_ptr<device::Operation>> convolutions(const device::Convolution& convolution, Stream stream);

}  // namespace ingot::cuda
