// Blocks of up to 32 x 32 sums in four tile registers: 64 cycles of products for four loads of 1 KB.
#include "kernels/isa/intrinsics.h"

#include "kernels/gemm/bf16_gather.h"

#include "kernels/isa/amx_begin.h"
namespace ingot::kernels::gemm {
namespace amx {
namespace {

constexpr int64_t kLongestLine = 2048;  // elements of a row that is built in order
constexpr int kTileRows = 16, kTileBytes = 64, kTileUnits = 16, kColumns = 16;
constexpr int64_t kLine = 32;              // elements of a cache line
constexpr int kSumBytes = 2 * kTileBytes;  // of a row of sums

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

void begin() noexcept { _tile_loadconfig(&kConfig); }
void end() noexcept { _tile_release(); }

__mmask16 mask16(int64_t count) { return count >= 16 ? 0xffff : static_cast<__mmask16>((1u << count) - 1); }

// GCC's tile intrinsics do not say that they read and write memory: this stands between them and what does.
inline __attribute__((always_inline)) void memory_fence() { __asm__ volatile("" ::: "memory"); }

// Sums: tiles 0 to 3, [half of the rows][half of the columns]; A: 4 and 5; B: 6 and 7.
template <int A, int B> inline __attribute__((always_inline)) void multiply_parts(const Bf16BlockArgs& args) {
  const int64_t a_bytes = args.a.row_step * 2, b_bytes = args.b_step * 2;
  const uint16_t* a = args.a.at;
  const uint16_t* b = args.b;
  const uint16_t* next = args.next;
  const int64_t parts = args.depth / kBlockDepth, lines = (args.next_end - next + kLine - 1) / kLine;
  for (int64_t part = 0; part < parts; ++part) {
    for (const uint16_t* end = args.next + lines * (part + 1) / parts * kLine; next < end; next += kLine) {
      _mm_prefetch(next, _MM_HINT_T1);
    }
    _tile_loadd(6, b, b_bytes);
    _tile_loadd(4, a, a_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (B > 1) {
      _tile_loadd(7, b + 2 * kColumns, b_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (A > 1) {
      _tile_loadd(5, a + args.a.half_step, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (B > 1) _tile_dpbf16ps(3, 5, 7);
    }
    a += args.a.part_step;
    b += kTileUnits * args.b_step;
  }
}

template <int A, int B> void multiply_block(const Bf16BlockArgs& args) noexcept {
  float *top = args.sums, *bottom = top + kTileRows * 2 * kColumns;
  memory_fence();
  if (args.accumulate) {
    _tile_loadd(0, top, kSumBytes);
    if constexpr (B > 1) _tile_loadd(1, top + kColumns, kSumBytes);
    if constexpr (A > 1) _tile_loadd(2, bottom, kSumBytes);
    if constexpr (A > 1 && B > 1) _tile_loadd(3, bottom + kColumns, kSumBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  multiply_parts<A, B>(args);
  _tile_stored(0, top, kSumBytes);
  if constexpr (B > 1) _tile_stored(1, top + kColumns, kSumBytes);
  if constexpr (A > 1) _tile_stored(2, bottom, kSumBytes);
  if constexpr (A > 1 && B > 1) _tile_stored(3, bottom + kColumns, kSumBytes);
  memory_fence();
}

void multiply(const Bf16BlockArgs& args) noexcept {
  if (args.rows > kTileRows) {
    args.vectors > 1 ? multiply_block<2, 2>(args) : multiply_block<2, 1>(args);
  } else {
    args.vectors > 1 ? multiply_block<1, 2>(args) : multiply_block<1, 1>(args);
  }
}

// Builds a row in its order, with whole vectors behind one another, then deals its parts out.
void gather_short(const Bf16GatherArgs& args) noexcept {
  alignas(64) uint16_t line[kLongestLine + kBlockDepth];
  const int64_t whole = args.depth / kBlockDepth * kBlockDepth;
  const __mmask32 rest = (1u << (args.depth - whole)) - 1;
  for (int64_t row = 0; row < args.rows; ++row) {
    uint16_t* end = line;
    for (int64_t tap = 0; tap < args.taps; ++tap, end += args.depth) {
      const uint16_t* from = args.a[tap * args.a_rows + row];
      for (int64_t d = 0; d < whole; d += kBlockDepth) _mm512_storeu_si512(end + d, _mm512_loadu_si512(from + d));
      _mm512_storeu_si512(end + whole, _mm512_maskz_loadu_epi16(rest, from + whole));
    }
    _mm512_storeu_si512(end, _mm512_setzero_si512());
    uint16_t* out = args.out + row * kBlockDepth;
    for (int64_t d = 0; d < args.stored; d += kBlockDepth, out += kBlockRows * kBlockDepth) {
      _mm512_storeu_si512(out, _mm512_load_si512(line + d));
    }
  }
}

void gather(const Bf16GatherArgs& args) noexcept {
  if (args.depth % kBlockDepth == 0) {
    uint16_t* out = args.out;
    for (int64_t tap = 0; tap < args.taps; ++tap) {
      const uint16_t* const* a = args.a + tap * args.a_rows;
      for (int64_t d = 0; d < args.depth; d += kBlockDepth, out += kBlockRows * kBlockDepth) {
        for (int64_t row = 0; row < args.rows; ++row) {
          _mm512_storeu_si512(out + row * kBlockDepth, _mm512_loadu_si512(a[row] + d));
        }
      }
    }
  } else if (args.stored <= kLongestLine) {
    gather_short(args);
  } else {
    gather_rows(args);
  }
}

void finish(const Bf16FinishArgs& args) noexcept {
  const TileFinish& how = args.finish;
  const __m512 alpha = _mm512_set1_ps(how.alpha), low = _mm512_set1_ps(how.low), high = _mm512_set1_ps(how.high);
  for (int64_t column = 0; column < args.columns; column += kColumns) {
    const __mmask16 mask = mask16(args.columns - column);
    for (int64_t r = 0; r < args.rows; ++r) {
      __m512 bias = _mm512_setzero_ps();
      if (how.bias != nullptr) bias = _mm512_maskz_loadu_ps(mask, how.bias + r * how.bias_stride + column);
      float* at = args.sums + r * 2 * kColumns + column;
      const __m512 sum = _mm512_fmadd_ps(_mm512_loadu_ps(at), alpha, bias);
      const __m512 result = _mm512_min_ps(high, _mm512_max_ps(low, sum));  // NaN passes
      if (args.narrow == nullptr) {
        _mm512_storeu_ps(at, result);
      } else {
        _mm256_mask_storeu_epi16(args.narrow + r * args.c_stride + column, mask,
                                 reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(result)));
      }
    }
  }
}

constexpr Bf16BlockSet kBlocks = {begin, end, gather, multiply, finish};

}  // namespace
}  // namespace amx

const Bf16TileSet kAmxBf16_32x32 = {{32, 2, 16, "bf16_blocks_32x16", 1200, nullptr, nullptr}, nullptr, &amx::kBlocks};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
