// Matrix products through cuBLASLt.
#pragma once
#include "cuda/choice.h"
#include "cuda/driver.h"

namespace ingot::cuda {

const SharedLibrary& cublas_library();
std::string cublas_version();
// What cuBLASLt's heuristics propose, best guess first. kUnsupported when the library is missing or proposes nothing.
std::vector<Candidate> matrix_products(const device::MatrixProduct& product, Stream stream);
// The one of this name, without asking the heuristics again; null where cuBLASLt does not take it.
std::unique_ptr<device::Operation> named_product(const device::MatrixProduct& product, const std::string& name,
                                                 Stream stream);

}  // namespace ingot::cuda
