// For any CPU: the same tile over a vector of plain floats.
#include <utility>

#include "kernels/gemm/tile.h"

namespace ingot::kernels::gemm {
namespace {

struct F32 {
  struct Reg {
    float at[8];
  };
  using Mask = int;
  static constexpr int kWidth = 8;
  static Mask mask(int64_t count) { return count > 8 ? 8 : static_cast<int>(count); }
  static Reg zero() { return {}; }
  static Reg broadcast(const float* p) {
    Reg x;
    for (float& at : x.at) at = *p;
    return x;
  }
  static Reg load(const float* p, Mask count = 8) {
    Reg x = {};
    for (int i = 0; i < count; ++i) x.at[i] = p[i];
    return x;
  }
  static void store(float* p, const Reg& x, Mask count = 8) {
    for (int i = 0; i < count; ++i) p[i] = x.at[i];
  }
  static Reg fma(const Reg& a, const Reg& b, Reg c) {
    for (int i = 0; i < 8; ++i) c.at[i] += a.at[i] * b.at[i];
    return c;
  }
  static Reg mul(Reg a, const Reg& b) {
    for (int i = 0; i < 8; ++i) a.at[i] *= b.at[i];
    return a;
  }
  static Reg max(const Reg& a, Reg b) {
    for (int i = 0; i < 8; ++i) b.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
    return b;
  }
  static Reg min(const Reg& a, Reg b) {
    for (int i = 0; i < 8; ++i) b.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i];
    return b;
  }
};

#include "kernels/gemm/tile-inl.h"

constexpr auto kTiles4x8 = make_tiles<4, 1>();

void transpose(const float* in, int64_t in_stride, int64_t rows, int64_t columns, float* out,
               int64_t out_stride) noexcept {
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

}  // namespace

const TileSet kReference4x8 = {4, 1, 8, "f32_panels_8x8", 15, kTiles4x8.at, transpose, row_tile<1>};

}  // namespace ingot::kernels::gemm
