#include <immintrin.h>

#include <utility>

#include "kernels/gemm/tile.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {

alignas(32) constexpr int32_t kMaskBits[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

struct F32 {
  using Reg = __m256;
  using Mask = __m256i;
  static constexpr int kWidth = 8;
  static Mask mask(int64_t count) {
    const int64_t kept = count > 8 ? 8 : count;
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMaskBits + 8 - kept));
  }
  static Reg zero() { return _mm256_setzero_ps(); }
  static Reg broadcast(const float* p) { return _mm256_broadcast_ss(p); }
  static Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static Reg load(const float* p, Mask mask) { return _mm256_maskload_ps(p, mask); }
  static void store(float* p, Reg x) { _mm256_storeu_ps(p, x); }
  static void store(float* p, Reg x, Mask mask) { _mm256_maskstore_ps(p, mask, x); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }  // b when either is NaN
  static Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
};

#include "kernels/gemm/tile-inl.h"

constexpr auto kTiles6x16 = make_tiles<6, 2>();
constexpr auto kTiles4x24 = make_tiles<4, 3>();

void transpose_8x8(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(in + i * in_stride);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(out + i * out_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(out + (i + 4) * out_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

}  // namespace
}  // namespace avx2

void transpose_avx2(const float* in, int64_t in_stride, int64_t rows, int64_t columns, float* out,
                    int64_t out_stride) noexcept {
  const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  for (int64_t c = 0; c < whole_columns; c += 8) {
    for (int64_t r = 0; r < whole_rows; r += 8) {
      avx2::transpose_8x8(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

const TileSet kAvx2_6x16 = {6, 2, 8, "f32_panels_16x8", 90, avx2::kTiles6x16.at, transpose_avx2, avx2::row_tile<2>};
const TileSet kAvx2_4x24 = {4, 3, 8, "f32_panels_24x8", 88, avx2::kTiles4x24.at, transpose_avx2, avx2::row_tile<3>};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
