// Indices that come from a user's tensors.
#pragma once
#include "tensor/elements.h"

namespace ingot {

inline bool is_index_type(DType dtype) { return dtype == DType::kI32 || dtype == DType::kI64; }

// Throws kInvalidArgument unless `dtype` is i32 or i64.
inline void require_index_type(DType dtype) {
  if (!is_index_type(dtype)) fail(Code::kInvalidArgument, "indices must be i32 or i64, got {}", dtype_name(dtype));
}

// Element `i` of `indices` as a position on an axis of `size` (negative ones count from the back); throws
// kInvalidArgument when it lies outside.
inline int64_t read_index(const Tensor& indices, int64_t i, int64_t size) {
  const int64_t index = read_int(indices, i);
  if (index < -size || index >= size) {
    fail(Code::kInvalidArgument, "index {} is outside an axis of size {}", index, size);
  }
  return index < 0 ? index + size : index;
}

}  // namespace ingot
