// Choosing among operations by measuring them.
#pragma once
#include "device/device.h"

namespace ingot::cuda {

// The candidate that takes least time on operands of these sizes (16-bit and 32-bit floats of moderate size);
// candidates that fail are left out. kUnsupported when all do.
std::unique_ptr<device::Operation> fastest(device::Device& device,
                                           std::vector<std::unique_ptr<device::Operation>> candidates,
                                           std::span<const int64_t> operand_bytes);

}  // namespace ingot::cuda
