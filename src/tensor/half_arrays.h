// Arrays of f32 as 16-bit floats, many times faster than one by one.
#pragma once
#include "tensor/float_types.h"

namespace ingot {

// Rounded to nearest, ties to even; what lies beyond f16's finite values, infinities too, becomes the largest of them.
void to_saturated_f16(const float* from, F16* to, int64_t count);
void to_bf16(const float* from, BF16* to, int64_t count);

}  // namespace ingot
