#include "kernels/isa/intrinsics.h"

#include "kernels/gemm/bf16_tile.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::gemm {
namespace avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"

void widen(const uint16_t* from, int64_t count, float* to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, load_brain(from + i));
  if (i < count) store_part(to + i, load_brain_part(from + i, count - i), count - i);
}

void widen_rows(const Bf16GatherArgs& args, float* out, int64_t out_stride) noexcept {
  const bool odd = args.depth % 2 != 0;
  for (int64_t row = 0; row < args.rows; ++row, out += out_stride) {
    float* to = out;
    for (int64_t tap = 0; tap < args.taps; ++tap) {
      widen(args.a[tap * args.a_rows + row], args.depth, to);
      to += args.depth;
      if (odd) *to++ = 0.0f;
    }
  }
}

void widen_units(const uint16_t* from, int64_t units, int64_t width, float* out) noexcept {
  const I high = set1i(static_cast<int32_t>(0xffff0000));
  for (int64_t unit = 0; unit < units; ++unit, out += 2 * width) {
    for (int64_t column = 0; column < width; column += kLanes, from += 2 * kLanes) {
      const I both = _mm512_loadu_si512(from);
      store(out + column, from_bits(shift_left<16>(both)));
      store(out + width + column, from_bits(andi(both, high)));
    }
  }
}

constexpr Bf16WideSet kWide6x64 = {&kAvx512_6x64, widen_rows, widen_units};
constexpr Bf16WideSet kWide8x48 = {&kAvx512_8x48, widen_rows, widen_units};

}  // namespace
}  // namespace avx512

// Of the speed of f32, less what widening takes.
const Bf16TileSet kAvx512WideBf16_6x64 = {
    {6, 4, 16, "bf16_panels_64x16", 105, nullptr, nullptr}, nullptr, nullptr, avx512_finisher, &avx512::kWide6x64};
const Bf16TileSet kAvx512WideBf16_8x48 = {
    {8, 3, 16, "bf16_panels_48x16", 105, nullptr, nullptr}, nullptr, nullptr, avx512_finisher, &avx512::kWide8x48};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
