#include "tensor/float_types.h"

namespace ingot {
namespace small_float {

uint32_t encode(float value, const Format& format, bool saturate) {
  const uint32_t sign_bit = 1u << (format.exponent_bits + format.mantissa_bits);
  const bool negative = std::signbit(value);
  if (std::isnan(value)) {
    return format.unsigned_zero || !format.has_nan ? format.nan : format.nan | (negative ? sign_bit : 0);
  }
  const auto signed_pattern = [&](uint32_t magnitude) {
    if (format.unsigned_zero && magnitude == 0) return 0u;
    return magnitude | (negative ? sign_bit : 0);
  };
  const uint32_t infinity_pattern = ((1u << format.exponent_bits) - 1) << format.mantissa_bits;
  const auto overflow = [&] {
    if (saturate || !format.has_nan) return signed_pattern(format.max_finite);
    if (format.has_infinity) return signed_pattern(infinity_pattern);
    return format.unsigned_zero ? format.nan : signed_pattern(format.nan);
  };
  if (std::isinf(value)) return overflow();
  // Scale so that the unit of least precision becomes 1, then round to nearest even in double.
  const double magnitude = std::fabs(static_cast<double>(value));
  if (magnitude == 0) return signed_pattern(0);
  int exponent = std::ilogb(magnitude);
  const int min_exponent = 1 - format.bias;
  if (exponent < min_exponent) exponent = min_exponent;
  const double units = std::nearbyint(std::ldexp(magnitude, format.mantissa_bits - exponent));
  // `units` in [0, 2^(M+1)]; a carry past the mantissa moves to the next exponent by plain addition.
  const auto hidden = 1u << format.mantissa_bits;
  const auto biased = static_cast<uint32_t>(exponent + format.bias - 1);
  const uint64_t pattern = static_cast<uint64_t>(biased) * hidden + static_cast<uint64_t>(units);
  if (pattern > format.max_finite) return overflow();
  return signed_pattern(static_cast<uint32_t>(pattern));
}

float decode(uint32_t bits, const Format& format) {
  const uint32_t sign_bit = 1u << (format.exponent_bits + format.mantissa_bits);
  const uint32_t magnitude = bits & (sign_bit - 1);
  const bool negative = (bits & sign_bit) != 0;
  if (format.unsigned_zero && bits == format.nan) return NAN;
  if (magnitude > format.max_finite) {
    const uint32_t infinity_pattern = ((1u << format.exponent_bits) - 1) << format.mantissa_bits;
    if (format.has_infinity && magnitude == infinity_pattern) return negative ? -INFINITY : INFINITY;
    return negative ? -NAN : NAN;
  }
  const auto mantissa = static_cast<float>(magnitude & ((1u << format.mantissa_bits) - 1));
  const int exponent = static_cast<int>(magnitude >> format.mantissa_bits);
  const float hidden = exponent == 0 ? 0.0f : static_cast<float>(1u << format.mantissa_bits);
  const int power = (exponent == 0 ? 1 : exponent) - format.bias - format.mantissa_bits;
  const float result = std::ldexp(hidden + mantissa, power);
  return negative ? -result : result;
}

}  // namespace small_float

F8E8M0::F8E8M0(float value, bool saturate, E8M0Rounding rounding) {
  constexpr float kMin = 0x1p-127f, kMax = 0x1p127f;
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) {
    bits = 255;
  } else if (magnitude <= kMin) {
    bits = saturate || magnitude == kMin ? 0 : 255;
  } else if (magnitude >= kMax && (std::isinf(value) || (saturate && magnitude > kMax))) {
    bits = saturate ? 254 : 255;
  } else {
    int exponent = 0;
    const float fraction = std::frexp(magnitude, &exponent);  // in [0.5, 1)
    const bool up = rounding == E8M0Rounding::kUp        ? fraction > 0.5f
                    : rounding == E8M0Rounding::kNearest ? fraction >= 0.75f
                                                         : false;
    bits = static_cast<uint8_t>(exponent - 1 + 127 + (up ? 1 : 0));
  }
}

}  // namespace ingot
