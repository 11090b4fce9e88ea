#include "kernels/isa/intrinsics.h"

#include <utility>

#include "kernels/gemm/int8_tile.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {

// Numbers are widened to 16 bits, whose products add up in pairs without saturation (vpmaddubsw would saturate): a sum
// is kept as the sums of its even and odd pairs.
struct B8 {
  struct Sum {
    __m256i low, high;  // columns 0 to 3 and 4 to 7, two lanes each
  };
  struct Units {
    __m256i low, high;
  };
  using Value = __m256i;
  static constexpr int kWidth = 8;
  static Sum zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static __m256i wide(const int8_t* p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Units load_units(const int8_t* p) { return {wide(p), wide(p + 16)}; }
  static Value broadcast(uint32_t unit) { return _mm256_cvtepu8_epi16(_mm_set1_epi32(static_cast<int32_t>(unit))); }
  static Sum dot(Sum sum, Value a, Units b) {
    return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(a, b.low)),
            _mm256_add_epi32(sum.high, _mm256_madd_epi16(a, b.high))};
  }
  // The first `count` of them, less `minus`.
  static void store(int32_t* p, Sum sum, const int32_t* minus, int64_t count) {
    const __m256i joined = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sum.low, sum.high), 0xd8);
    const __m256i result = _mm256_sub_epi32(joined, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(minus)));
    if (count >= kWidth) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), result);
      return;
    }
    alignas(32) int32_t lanes[kWidth];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), result);
    for (int64_t i = 0; i < count; ++i) p[i] = lanes[i];
  }
};

#include "kernels/gemm/int8_tile-inl.h"

constexpr auto kTiles6x8 = make_tiles<6, 1>();

}  // namespace
}  // namespace avx2

const Int8TileSet kAvx2Int8_6x8 = {{6, 1, 8, "int8_panels_8x8", 100, nullptr, nullptr}, avx2::kTiles6x8.at};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
