// Operators that move whole elements of a fixed number of bytes, each bound to strided copies.
#pragma once
#include "kernels/copy/strided_copy.h"

namespace ingot::kernels {

// Null when the operator's kernel takes the problem (elements of whole bytes are checked before), else a reason.
const char* refuse_slice(const Problem& problem);
const char* refuse_pad(const Problem& problem);
const char* refuse_scatter_elements(const Problem& problem);

std::unique_ptr<BoundKernel> bind_concat(const Problem& problem);
std::unique_ptr<BoundKernel> bind_slice(const Problem& problem);
std::unique_ptr<BoundKernel> bind_gather(const Problem& problem);
std::unique_ptr<BoundKernel> bind_gather_elements(const Problem& problem);
std::unique_ptr<BoundKernel> bind_scatter_elements(const Problem& problem);
std::unique_ptr<BoundKernel> bind_expand(const Problem& problem);
std::unique_ptr<BoundKernel> bind_tile(const Problem& problem);
std::unique_ptr<BoundKernel> bind_pad(const Problem& problem);
// The same elements in the same order.
std::unique_ptr<BoundKernel> bind_reshape(const Problem& problem);

inline int64_t element_bytes(const Operand& operand) { return dtype_bits(operand.dtype) / 8; }

}  // namespace ingot::kernels
