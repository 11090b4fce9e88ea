// Matrix products through cuBLASLt.
#pragma once
#include "cuda/driver.h"
#include "device/device.h"

namespace ingot::cuda {

const SharedLibrary& cublas_library();
std::string cublas_version();
// What cuBLASLt's heuristics propose, best guess first. kUnsupported when the library is missing or proposes nothing.
std::vector<std::unique_ptr<device::Operation>> matrix_products(const device::MatrixProduct& product, Stream stream);

}  // namespace ingot::cuda
