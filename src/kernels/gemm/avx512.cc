#include <immintrin.h>

#include <utility>

#include "kernels/gemm/tile.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::gemm {
namespace avx512 {
namespace {

struct F32 {
  using Reg = __m512;
  using Mask = __mmask16;
  static constexpr int kWidth = 16;
  static Mask mask(int64_t count) { return count >= 16 ? 0xffff : static_cast<Mask>((1u << count) - 1); }
  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg broadcast(const float* p) { return _mm512_set1_ps(*p); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load(const float* p, Mask mask) { return _mm512_maskz_loadu_ps(mask, p); }
  static void store(float* p, Reg x) { _mm512_storeu_ps(p, x); }
  static void store(float* p, Reg x, Mask mask) { _mm512_mask_storeu_ps(p, mask, x); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }  // b when either is NaN
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
};

#include "kernels/gemm/tile-inl.h"

constexpr auto kTiles6x64 = make_tiles<6, 4>();
constexpr auto kTiles8x48 = make_tiles<8, 3>();

}  // namespace
}  // namespace avx512

const TileSet kAvx512_6x64 = {
    6, 4, 16, "f32_panels_64x16", 110, avx512::kTiles6x64.at, transpose_avx2, avx512::row_tile<4>};
const TileSet kAvx512_8x48 = {
    8, 3, 16, "f32_panels_48x16", 110, avx512::kTiles8x48.at, transpose_avx2, avx512::row_tile<3>};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
