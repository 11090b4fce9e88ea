#include "kernels/isa/intrinsics.h"

#include <utility>

#include "kernels/gemm/bf16_tile.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::gemm {
namespace avx512bf16 {
namespace {

struct B16 {
  using Reg = __m512;
  using Units = __m512i;
  using Mask = __mmask16;
  static constexpr int kWidth = 16;
  static Mask mask(int64_t count) { return count >= 16 ? 0xffff : static_cast<Mask>((1u << count) - 1); }
  static Reg set(float x) { return _mm512_set1_ps(x); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load(const float* p, Mask mask) { return _mm512_maskz_loadu_ps(mask, p); }
  static void store(float* p, Reg x) { _mm512_storeu_ps(p, x); }
  static void store(float* p, Reg x, Mask mask) { _mm512_mask_storeu_ps(p, mask, x); }
  static Units load_units(const uint16_t* p) { return _mm512_loadu_si512(p); }
  static Units broadcast_unit(const uint16_t* p) {
    int32_t unit;
    __builtin_memcpy(&unit, p, sizeof(unit));
    return _mm512_set1_epi32(unit);
  }
  // The unit of the last element of an odd depth: what lies behind it is not read.
  static Units broadcast_last(const uint16_t* p) { return _mm512_set1_epi32(*p); }
  static Reg dot(Reg sum, Units a, Units b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }  // b when either is NaN
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg wide(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
  static Reg load_narrow(const uint16_t* p) { return wide(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static Reg load_narrow(const uint16_t* p, int64_t count) { return wide(_mm256_maskz_loadu_epi16(mask(count), p)); }
  static __m256i narrow(Reg x) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)); }
  static void store_narrow(uint16_t* p, Reg x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(x)); }
  static void store_narrow(uint16_t* p, Reg x, int64_t count) { _mm256_mask_storeu_epi16(p, mask(count), narrow(x)); }
};

#include "kernels/gemm/bf16_tile-inl.h"

constexpr auto kTiles6x64 = make_tiles<6, 4>();
constexpr auto kTiles8x48 = make_tiles<8, 3>();

}  // namespace
}  // namespace avx512bf16

const Bf16TileSet kAvx512Bf16_6x64 = {{6, 4, 16, "bf16_panels_64x16", 210, nullptr, nullptr},
                                      avx512bf16::kTiles6x64.at,
                                      nullptr,
                                      avx512bf16_finisher,
                                      nullptr,
                                      true};
const Bf16TileSet kAvx512Bf16_8x48 = {{8, 3, 16, "bf16_panels_48x16", 210, nullptr, nullptr},
                                      avx512bf16::kTiles8x48.at,
                                      nullptr,
                                      avx512bf16_finisher,
                                      nullptr,
                                      true};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
