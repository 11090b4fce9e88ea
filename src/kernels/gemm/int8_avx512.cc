#include "kernels/isa/intrinsics.h"

#include <utility>

#include "kernels/gemm/int8_tile.h"

#include "kernels/isa/avx512vnni_begin.h"
namespace ingot::kernels::gemm {
namespace avx512vnni {
namespace {

struct B8 {
  using Sum = __m512i;
  using Units = __m512i;
  using Value = __m512i;
  static constexpr int kWidth = 16;
  static Sum zero() { return _mm512_setzero_si512(); }
  static Units load_units(const int8_t* p) { return _mm512_loadu_si512(p); }
  static Value broadcast(uint32_t unit) { return _mm512_set1_epi32(static_cast<int32_t>(unit)); }
  static Sum dot(Sum sum, Value a, Units b) { return _mm512_dpbusd_epi32(sum, a, b); }
  // The first `count` of them, less `minus`.
  static void store(int32_t* p, Sum sum, const int32_t* minus, int64_t count) {
    const Sum result = _mm512_sub_epi32(sum, _mm512_loadu_si512(minus));
    if (count >= kWidth) {
      _mm512_storeu_si512(p, result);
    } else {
      _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << count) - 1), result);
    }
  }
};

#include "kernels/gemm/int8_tile-inl.h"

constexpr auto kTiles6x64 = make_tiles<6, 4>();
constexpr auto kTiles8x48 = make_tiles<8, 3>();

}  // namespace
}  // namespace avx512vnni

const Int8TileSet kAvx512VnniInt8_6x64 = {{6, 4, 16, "int8_panels_64x16", 400, nullptr, nullptr},
                                          avx512vnni::kTiles6x64.at};
const Int8TileSet kAvx512VnniInt8_8x48 = {{8, 3, 16, "int8_panels_48x16", 400, nullptr, nullptr},
                                          avx512vnni::kTiles8x48.at};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
