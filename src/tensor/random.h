// Reproducible made-up content for tests, benches and stand-ins.
#pragma once
#include "tensor/tensor.h"

namespace ingot {

// Equal arguments give equal elements on every machine. Floats lie in [-1, 1), integers in [0, 8), truth values are
// mixed, strings are short words. Complex types have both parts in [-1, 1).
Tensor random_tensor(DType dtype, Shape shape, uint64_t seed);

}  // namespace ingot
