#include "tensor/half_arrays.h"

#include <bit>

namespace ingot {
namespace {

constexpr int32_t kInfinity = 0x7f800000;        // bits of f32
constexpr int32_t kSmallestNormal = 0x38800000;  // of f16, 2^-14, as f32
constexpr int32_t kLargest = 0x7bff, kNan = 0x7e00;

// All ones where the condition holds: with masks instead of branches compilers make vectors of a loop.
int32_t mask(bool condition) { return -static_cast<int32_t>(condition); }

uint16_t saturated_f16(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  const int32_t magnitude = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
  const int32_t normal = (magnitude - (112 << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // The last bit of numbers from 0.5 to 1 is worth what f16's smallest number is: adding rounds.
  const int32_t subnormal = std::bit_cast<int32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000;
  const int32_t small = mask(magnitude < kSmallestNormal), large = mask(normal > kLargest);
  const int32_t nan = mask(magnitude > kInfinity);
  const int32_t finite = (subnormal & small) | (((kLargest & large) | (normal & ~large)) & ~small);
  return static_cast<uint16_t>(sign | (kNan & nan) | (finite & ~nan));
}

uint16_t bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, nan = (bits >> 16) | 0x40;
  return static_cast<uint16_t>((bits & 0x7fffffff) > static_cast<uint32_t>(kInfinity) ? nan : rounded);
}

}  // namespace

void to_saturated_f16(const float* from, F16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i].bits = saturated_f16(from[i]);
}

void to_bf16(const float* from, BF16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i].bits = bf16(from[i]);
}

}  // namespace ingot
