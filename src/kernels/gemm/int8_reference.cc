#include <utility>

#include "kernels/gemm/int8_tile.h"

namespace ingot::kernels::gemm {
namespace reference {
namespace {

struct B8 {
  using Sum = int32_t;
  using Units = const int8_t*;
  using Value = uint32_t;
  static constexpr int kWidth = 1;
  static Sum zero() { return 0; }
  static Units load_units(const int8_t* p) { return p; }
  static Value broadcast(uint32_t unit) { return unit; }
  static Sum dot(Sum sum, Value a, Units b) {
    auto wrapped = static_cast<uint32_t>(sum);
    for (int i = 0; i < 4; ++i) wrapped += (a >> 8 * i & 255) * static_cast<uint32_t>(b[i]);
    return static_cast<Sum>(wrapped);
  }
  static void store(int32_t* p, Sum sum, const int32_t* minus, int64_t count) {
    if (count > 0) *p = static_cast<int32_t>(static_cast<uint32_t>(sum) - static_cast<uint32_t>(*minus));
  }
};

#include "kernels/gemm/int8_tile-inl.h"

constexpr auto kTiles4x8 = make_tiles<4, 8>();

}  // namespace
}  // namespace reference

const Int8TileSet kReferenceInt8_4x8 = {{4, 8, 1, "int8_panels_8x1", 1, nullptr, nullptr}, reference::kTiles4x8.at};

}  // namespace ingot::kernels::gemm
