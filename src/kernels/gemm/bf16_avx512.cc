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

#define INGOT_UNROLL _Pragma("GCC unroll 16")

// Lane l takes unit u of its group, l / (2 * U).
template <int U> inline __m512i lanes_of_unit(int u) {
  alignas(64) int32_t lanes[16];
  for (int lane = 0; lane < 16; ++lane) lanes[lane] = lane / (2 * U) * U + u;
  return _mm512_load_si512(lanes);
}

// Groups of U units: a row's 16 elements at a tap are loaded once, and every lane gets those of its group from there.
template <int R, int U>
inline __attribute__((always_inline)) void multiply_groups(Sums<R, 1>& sums, const Bf16TileArgs& args) {
  const B16::Mask elements = B16::mask(args.columns);
  __m512i lanes[U];
  INGOT_UNROLL
  for (int u = 0; u < U; ++u) lanes[u] = lanes_of_unit<U>(u);
  const uint16_t* b = args.b;
  for (int64_t tap = 0; tap < args.taps; ++tap, b += U * args.b_step) {
    const uint16_t* const* a = args.a + tap * args.a_rows;
    __m512i row[R];
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) {
      row[r] = _mm512_castsi256_si512(_mm256_maskz_loadu_epi16(elements, a[r] + args.a_offset));
    }
    INGOT_UNROLL
    for (int u = 0; u < U; ++u) {
      const B16::Units weights = B16::load_units(b + u * args.b_step);
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) {
        sums.at[r][0] = B16::dot(sums.at[r][0], _mm512_permutexvar_epi32(lanes[u], row[r]), weights);
      }
    }
  }
}

// The same where one group fills the vector.
template <int R> inline __attribute__((always_inline)) void multiply_group(Sums<R, 1>& sums, const Bf16TileArgs& args) {
  const uint16_t* b = args.b;
  for (int64_t tap = 0; tap < args.taps; ++tap) {
    const uint16_t* const* a = args.a + tap * args.a_rows;
    for (int64_t unit = 0; unit < 8; ++unit, b += args.b_step) {
      const B16::Units weights = B16::load_units(b);
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) {
        sums.at[r][0] = B16::dot(sums.at[r][0], B16::broadcast_unit(a[r] + args.a_offset + 2 * unit), weights);
      }
    }
  }
}

#undef INGOT_UNROLL

template <int R> void group_tile(const Bf16TileArgs& args) noexcept {
  Sums<R, 1> sums;
  clear(sums);
  switch (args.depth) {
    case 2: multiply_groups<R, 1>(sums, args); break;
    case 4: multiply_groups<R, 2>(sums, args); break;
    case 8: multiply_groups<R, 4>(sums, args); break;
    default: multiply_group<R>(sums, args);
  }
  complete(sums, args);
}

constexpr Bf16TileFn kGroupTiles[] = {&group_tile<1>, &group_tile<2>,  &group_tile<3>,  &group_tile<4>,
                                      &group_tile<5>, &group_tile<6>,  &group_tile<7>,  &group_tile<8>,
                                      &group_tile<9>, &group_tile<10>, &group_tile<11>, &group_tile<12>};
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

const Bf16TileSet kAvx512GroupsBf16_12x16 = {{12, 1, 16, "bf16_groups_16x16", 210, nullptr, nullptr},
                                             avx512bf16::kGroupTiles,
                                             nullptr,
                                             avx512bf16_finisher,
                                             nullptr,
                                             true,
                                             true};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
