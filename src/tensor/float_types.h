// Small floating-point types: storage structs with conversions from and to f32. Rounding is to nearest, ties to even.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace ingot {

namespace small_float {

// Format of a float of 1 sign bit, E exponent bits, M mantissa bits, as ONNX defines them (onnx.ai "Float stored in
// 8 bits"): FN = no infinity; UZ = no negative zero, the pattern 0x80 is NaN. Without NaN, NaN becomes `nan`.
struct Format {
  int exponent_bits, mantissa_bits, bias;
  bool has_infinity;
  bool unsigned_zero;  // "UZ"
  bool has_nan;
  uint32_t max_finite;  // bit pattern without sign
  uint32_t nan;         // bit pattern
};
inline constexpr Format kF16{5, 10, 15, true, false, true, 0x7bff, 0x7e00};
inline constexpr Format kE4M3FN{4, 3, 7, false, false, true, 0x7e, 0x7f};
inline constexpr Format kE4M3FNUZ{4, 3, 8, false, true, true, 0x7f, 0x80};
inline constexpr Format kE5M2{5, 2, 15, true, false, true, 0x7b, 0x7f};
inline constexpr Format kE5M2FNUZ{5, 2, 16, false, true, true, 0x7f, 0x80};
inline constexpr Format kE2M1{2, 1, 1, false, false, false, 0x7, 0x8};

// `saturate`: out-of-range finite values and infinities become the largest finite value, else infinity or NaN.
uint32_t encode(float value, const Format& format, bool saturate);
float decode(uint32_t bits, const Format& format);

}  // namespace small_float

struct F16 {
  uint16_t bits = 0;
  F16() = default;
  explicit F16(float value) : bits(static_cast<uint16_t>(small_float::encode(value, small_float::kF16, false))) {}
  static F16 from_bits(uint16_t bits) {
    F16 f;
    f.bits = bits;
    return f;
  }
  operator float() const { return small_float::decode(bits, small_float::kF16); }
};

struct BF16 {
  uint16_t bits = 0;
  BF16() = default;
  explicit BF16(float value) {
    const auto word = std::bit_cast<uint32_t>(value);
    bits = std::isnan(value) ? static_cast<uint16_t>((word >> 16) | 0x40)
                             : static_cast<uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
  }
  static BF16 from_bits(uint16_t bits) {
    BF16 f;
    f.bits = bits;
    return f;
  }
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

template <const small_float::Format& format> struct F8 {
  uint8_t bits = 0;
  F8() = default;
  explicit F8(float value, bool saturate = true)
      : bits(static_cast<uint8_t>(small_float::encode(value, format, saturate))) {}
  static F8 from_bits(uint8_t bits) {
    F8 f;
    f.bits = bits;
    return f;
  }
  operator float() const { return small_float::decode(bits, format); }
};
using F8E4M3FN = F8<small_float::kE4M3FN>;
using F8E4M3FNUZ = F8<small_float::kE4M3FNUZ>;
using F8E5M2 = F8<small_float::kE5M2>;
using F8E5M2FNUZ = F8<small_float::kE5M2FNUZ>;

// A power of two in 8 bits: 2^(bits-127); 255 is NaN. The sign of what is converted is dropped. Below 2^-127 and above
// 2^127 `saturate` gives the nearest end, else NaN. kNearest rounds ties up.
enum class E8M0Rounding { kUp, kDown, kNearest };
struct F8E8M0 {
  uint8_t bits = 0;
  F8E8M0() = default;
  explicit F8E8M0(float value, bool saturate = true, E8M0Rounding rounding = E8M0Rounding::kUp);
  static F8E8M0 from_bits(uint8_t bits) {
    F8E8M0 f;
    f.bits = bits;
    return f;
  }
  operator float() const { return bits == 255 ? NAN : std::ldexp(1.0f, bits - 127); }
};

// 4-bit float: unpacked storage; tensors hold two per byte.
struct F4E2M1 {
  uint8_t bits = 0;
  F4E2M1() = default;
  explicit F4E2M1(float value) : bits(static_cast<uint8_t>(small_float::encode(value, small_float::kE2M1, true))) {}
  static F4E2M1 from_bits(uint8_t bits) {
    F4E2M1 f;
    f.bits = bits;
    return f;
  }
  operator float() const { return small_float::decode(bits, small_float::kE2M1); }
};

}  // namespace ingot
