// bf16 operands on CPUs without products of bf16: widened in registers, multiplied in f32. No faster than f32 rows; for
// plans in bf16 on any CPU, with half the weights to read.
#include "kernels/isa/intrinsics.h"

#include <utility>

#include "kernels/gemm/bf16_tile.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {
namespace bf16 {

#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_storage.h"

struct B16 {
  using Reg = F;
  struct Units {
    F even, odd;
  };
  using Mask = __m256i;
  static constexpr int kWidth = 8;
  static Mask mask(int64_t count) { return first_lanes(count); }
  static Reg set(float x) { return set1(x); }
  static Reg load(const float* p) { return bf16::load(p); }
  static Reg load(const float* p, Mask mask) { return _mm256_maskload_ps(p, mask); }
  static void store(float* p, Reg x) { bf16::store(p, x); }
  static void store(float* p, Reg x, Mask mask) { _mm256_maskstore_ps(p, mask, x); }
  static Units widen(I units) {
    return {from_bits(shift_left<16>(units)), from_bits(andi(units, set1i(static_cast<int32_t>(0xffff0000))))};
  }
  static Units load_units(const uint16_t* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const I*>(p))); }
  static Units broadcast_unit(const uint16_t* p) {
    int32_t unit;
    __builtin_memcpy(&unit, p, sizeof(unit));
    return widen(set1i(unit));
  }
  static Units broadcast_last(const uint16_t* p) { return widen(set1i(*p)); }
  static Reg dot(Reg sum, Units a, Units b) { return bf16::fma(a.odd, b.odd, bf16::fma(a.even, b.even, sum)); }
  static Reg fma(Reg a, Reg b, Reg c) { return bf16::fma(a, b, c); }
  static Reg max(Reg a, Reg b) { return max2(a, b); }  // b when either is NaN
  static Reg min(Reg a, Reg b) { return min2(a, b); }
  static Reg add(Reg a, Reg b) { return a + b; }
  static Reg load_narrow(const uint16_t* p) { return load_brain(p); }
  static Reg load_narrow(const uint16_t* p, int64_t count) { return load_brain_part(p, count); }
  static void store_narrow(uint16_t* p, Reg x) { store_brain(p, x); }
  static void store_narrow(uint16_t* p, Reg x, int64_t count) { put_part(reinterpret_cast<Brain*>(p), x, count); }
};

#include "kernels/gemm/bf16_tile-inl.h"

constexpr auto kTiles4x16 = make_tiles<4, 2>();

}  // namespace bf16
}  // namespace
}  // namespace avx2

const Bf16TileSet kAvx2Bf16_4x16 = {
    {4, 2, 8, "bf16_panels_16x8", 45, nullptr, nullptr}, avx2::bf16::kTiles4x16.at, nullptr, avx2_finisher};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
