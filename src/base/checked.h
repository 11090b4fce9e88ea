// Integer arithmetic on sizes that come from a user's bytes.
#pragma once
#include <cstdint>

#include "base/error.h"

namespace ingot {

inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) fail(Code::kInvalidArgument, "size {} * {} overflows 64 bits", a, b);
  return result;
}
inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) fail(Code::kInvalidArgument, "size {} + {} overflows 64 bits", a, b);
  return result;
}
inline int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace ingot
