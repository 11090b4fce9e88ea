// Tiles of up to 32 x 32 sums in four tile registers. Rows of A, which lie anywhere, are gathered into two tiles of 16
// rows x 32 elements in L1; a panel of B is already what a tile of B wants: 16 units x 16 columns.
#include "kernels/isa/intrinsics.h"

#include <utility>

#include "kernels/gemm/bf16_tile.h"

#include "kernels/isa/amx_begin.h"
namespace ingot::kernels::gemm {
namespace amx {
namespace {

constexpr int kTileRows = 16, kTileBytes = 64, kTileDepth = 32, kTileUnits = 16, kColumns = 16;
constexpr int kRowTiles = 2, kColumnTiles = 2;

struct alignas(64) Config {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
constexpr Config full_tiles() {
  Config config;
  for (int i = 0; i < 8; ++i) {
    config.row_bytes[i] = kTileBytes;
    config.rows[i] = kTileRows;
  }
  return config;
}
constexpr Config kConfig = full_tiles();

struct Buffers {
  alignas(64) uint16_t a[kRowTiles * kTileRows][kTileDepth];
  alignas(64) uint16_t b[kTileUnits][kColumnTiles * kColumns * 2];
  alignas(64) float sums[kRowTiles * kTileRows][kColumnTiles * kColumns];
};

__mmask16 mask16(int64_t count) { return count >= 16 ? 0xffff : static_cast<__mmask16>((1u << count) - 1); }
__mmask32 mask32(int64_t count) { return count >= 32 ? 0xffffffff : (1u << count) - 1; }

// GCC's tile intrinsics do not say that they read and write memory: this stands between them and what does.
inline __attribute__((always_inline)) void memory_fence() { __asm__ volatile("" ::: "memory"); }

// Sums: tiles 0 to 3, [row tile][column tile]; A: 4 and 5; B: 6 and 7.
template <int A, int B>
inline __attribute__((always_inline)) void multiply_tiles(const uint16_t (*a)[kTileDepth], const uint16_t* b,
                                                          int64_t b_bytes) {
  memory_fence();
  _tile_loadd(4, a, kTileBytes);
  _tile_loadd(6, b, b_bytes);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (B > 1) {
    _tile_loadd(7, b + 2 * kColumns, b_bytes);
    _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (A > 1) {
    _tile_loadd(5, a + kTileRows, kTileBytes);
    _tile_dpbf16ps(2, 5, 6);
    if constexpr (B > 1) _tile_dpbf16ps(3, 5, 7);
  }
  memory_fence();
}

// One part of a tap: `depth` elements of the rows from `first` on, at most kTileDepth.
template <int R, int V>
inline __attribute__((always_inline)) void multiply_part(const uint16_t* const* a, int64_t first, int64_t depth,
                                                         const uint16_t* b, int64_t b_step, Buffers& buffers) {
  constexpr int A = (R + kTileRows - 1) / kTileRows;
  const __mmask32 mask = mask32(depth);
  for (int r = 0; r < R; ++r) _mm512_store_si512(buffers.a[r], _mm512_maskz_loadu_epi16(mask, a[r] + first));
  if (depth == kTileDepth) {
    multiply_tiles<A, V>(buffers.a, b, b_step * 2);
    return;
  }
  // Behind the last unit lies something else, perhaps nothing.
  const int64_t units = (depth + 1) / 2;
  for (int64_t unit = 0; unit < kTileUnits; ++unit) {
    for (int v = 0; v < V; ++v) {
      __m512i row = _mm512_setzero_si512();
      if (unit < units) row = _mm512_loadu_si512(b + unit * b_step + v * 2 * kColumns);
      _mm512_store_si512(buffers.b[unit] + v * 2 * kColumns, row);
    }
  }
  multiply_tiles<A, V>(buffers.a, buffers.b[0], kColumnTiles * kTileBytes);
}

template <int R, int V>
inline __attribute__((always_inline)) void finish_rows(const Bf16TileArgs& args, const Buffers& buffers) {
  const TileFinish& how = args.finish;
  const __m512 alpha = _mm512_set1_ps(how.alpha), low = _mm512_set1_ps(how.low), high = _mm512_set1_ps(how.high);
  for (int v = 0; v < V; ++v) {
    const __mmask16 mask = mask16(args.columns - v * kColumns);
    for (int r = 0; r < R; ++r) {
      __m512 bias = _mm512_setzero_ps();
      if (how.bias != nullptr) bias = _mm512_maskz_loadu_ps(mask, how.bias + r * how.bias_stride + v * kColumns);
      __m512 sum = _mm512_fmadd_ps(_mm512_load_ps(buffers.sums[r] + v * kColumns), alpha, bias);
      sum = _mm512_min_ps(high, _mm512_max_ps(low, sum));  // NaN passes
      const int64_t at = r * args.c_stride + v * kColumns;
      if (args.wide != nullptr) {
        _mm512_mask_storeu_ps(args.wide + at, mask, sum);
      } else {
        _mm256_mask_storeu_epi16(args.narrow + at, mask, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sum)));
      }
    }
  }
}

template <int R, int V> void tile(const Bf16TileArgs& args) noexcept {
  constexpr int kSumBytes = kColumnTiles * kTileBytes;
  Buffers buffers;
  _tile_loadconfig(&kConfig);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int r = R; r < kRowTiles * kTileRows; ++r) _mm512_store_si512(buffers.a[r], _mm512_setzero_si512());
  const uint16_t* b = args.b;
  for (int64_t tap = 0; tap < args.taps; ++tap) {
    for (int64_t first = 0; first < args.depth; first += kTileDepth) {
      const int64_t depth = args.depth - first < kTileDepth ? args.depth - first : kTileDepth;
      multiply_part<R, V>(args.a + tap * args.a_rows, first, depth, b, args.b_step, buffers);
      b += (depth + 1) / 2 * args.b_step;
    }
  }
  _tile_stored(0, buffers.sums[0], kSumBytes);
  _tile_stored(1, buffers.sums[0] + kColumns, kSumBytes);
  _tile_stored(2, buffers.sums[kTileRows], kSumBytes);
  _tile_stored(3, buffers.sums[kTileRows] + kColumns, kSumBytes);
  _tile_release();
  memory_fence();
  finish_rows<R, V>(args, buffers);
}

template <int Rows, int Vectors> struct Tiles { Bf16TileFn at[Rows * Vectors]; };

template <int Rows, int Vectors> constexpr Tiles<Rows, Vectors> make_tiles() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return Tiles<Rows, Vectors>{{&tile<static_cast<int>(I) / Vectors + 1, static_cast<int>(I) % Vectors + 1>...}};
  }
  (std::make_index_sequence<Rows * Vectors>());
}

constexpr auto kTiles32x32 = make_tiles<kRowTiles * kTileRows, kColumnTiles>();

}  // namespace
}  // namespace amx

const Bf16TileSet kAmxBf16_32x32 = {{32, 2, 16, "bf16_panels_32x16", 900, nullptr, nullptr}, amx::kTiles32x32.at};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
