// A library's operation and what is left to do behind it.
#pragma once
#include "cuda/choice.h"

namespace ingot::cuda {

// The library's operation on the first `operands` operands, then `rest` on all of them. Its own where there is no rest.
std::unique_ptr<device::Operation> continued(std::unique_ptr<device::Operation> library, size_t operands,
                                             const device::OwnOperation* own);
// Of one that continued() gave, the library's; else itself.
const device::Operation& library_part(const device::Operation& operation);

}  // namespace ingot::cuda
