#include "tensor/half_arrays.h"

#include <immintrin.h>

#include <bit>

#include "base/cpu.h"

namespace ingot {
namespace {

constexpr int32_t kInfinity = 0x7f800000;        // bits of f32
constexpr int32_t kSmallestNormal = 0x38800000;  // of f16, 2^-14, as f32
constexpr int32_t kLargest = 0x7bff, kNan = 0x7e00;

// All ones where the condition holds: with masks instead of branches compilers make vectors of a loop.
inline __attribute__((always_inline)) int32_t mask(bool condition) { return -static_cast<int32_t>(condition); }

inline __attribute__((always_inline)) uint16_t saturated_f16(float value) {
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

inline __attribute__((always_inline)) uint16_t bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, nan = (bits >> 16) | 0x40;
  return static_cast<uint16_t>((bits & 0x7fffffff) > static_cast<uint32_t>(kInfinity) ? nan : rounded);
}

void f16_anywhere(const float* from, F16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i].bits = saturated_f16(from[i]);
}
void bf16_anywhere(const float* from, BF16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i].bits = bf16(from[i]);
}

// With the CPU's own conversion; NaN, whose payload it would keep, goes one by one.
__attribute__((target("avx2,f16c"))) void f16_with_f16c(const float* from, F16* to, int64_t count) {
  const __m256 largest = _mm256_set1_ps(65504.0f), lowest = _mm256_set1_ps(-65504.0f);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 x = _mm256_loadu_ps(from + i);
    if (_mm256_movemask_ps(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)) != 0) {
      f16_anywhere(from + i, to + i, 8);
      continue;
    }
    const __m256 inside = _mm256_max_ps(_mm256_min_ps(x, largest), lowest);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(inside, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  f16_anywhere(from + i, to + i, count - i);
}
__attribute__((target("avx2"))) void bf16_with_avx2(const float* from, BF16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i].bits = bf16(from[i]);
}

bool has_f16c() { return cpu_isa() >= IsaLevel::kAvx2 && cpu_features().f16c; }

}  // namespace

void to_saturated_f16(const float* from, F16* to, int64_t count) {
  static const auto convert = has_f16c() ? f16_with_f16c : f16_anywhere;
  convert(from, to, count);
}

void to_bf16(const float* from, BF16* to, int64_t count) {
  static const auto convert = has_f16c() ? bf16_with_avx2 : bf16_anywhere;
  convert(from, to, count);
}

}  // namespace ingot
