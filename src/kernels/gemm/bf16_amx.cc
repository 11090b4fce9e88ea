// Blocks of up to 32 x 32 sums in four tile registers: 64 cycles of products for four loads of 1 KB.
#include "kernels/isa/intrinsics.h"

#include <algorithm>

#include "kernels/gemm/bf16_gather.h"

#include "kernels/isa/amx_begin.h"
namespace ingot::kernels::gemm {
namespace amx {
namespace {

constexpr int kTileRows = 16, kTileBytes = 64, kTileUnits = 16, kColumns = 16;
constexpr int64_t kLine = 32;       // elements of a cache line
constexpr int64_t kRowsAtOnce = 8;  // finished between two parts: fewer than products hide, more than a call costs

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

// GCC's tile intrinsics do not say that they read and write memory: this stands between them and what does.
inline __attribute__((always_inline)) void memory_fence() { __asm__ volatile("" ::: "memory"); }

// Sums: tiles 0 to 3, [half of the rows][half of the columns]; A: 4 and 5; B: 6 and 7. Loads come first: a core whose
// other thread is busy overlaps them with products no more.
template <int A, int B>
inline __attribute__((always_inline)) void multiply_part(const uint16_t* a, const Bf16Rows& rows, const uint16_t* b,
                                                         int64_t b_bytes) {
  _tile_loadd(6, b, b_bytes);
  if constexpr (B > 1) _tile_loadd(7, b + 2 * kColumns, b_bytes);
  _tile_loadd(4, a, rows.row_step * 2);
  if constexpr (A > 1) _tile_loadd(5, a + rows.half_step, rows.row_step * 2);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (B > 1) _tile_dpbf16ps(1, 4, 7);
  if constexpr (A > 1) _tile_dpbf16ps(2, 5, 6);
  if constexpr (A > 1 && B > 1) _tile_dpbf16ps(3, 5, 7);
}

// `between(part)` runs after the products of each part.
template <int A, int B, class Between>
inline __attribute__((always_inline)) void multiply_parts(const Bf16BlockArgs& args, const Between& between) {
  const uint16_t* b = args.b;
  const uint16_t* next = args.next;
  const int64_t parts = args.depth / kBlockDepth, lines = (args.next_end - next + kLine - 1) / kLine;
  for (int64_t part = 0; part < parts; ++part) {
    for (const uint16_t* end = args.next + lines * (part + 1) / parts * kLine; next < end; next += kLine) {
      _mm_prefetch(next, _MM_HINT_T1);
    }
    multiply_part<A, B>(args.a.at + args.a.part(part), args.a, b, args.b_step * 2);
    between(part);
    b += kTileUnits * args.b_step;
  }
}

template <int A, int B> inline __attribute__((always_inline)) void begin_sums(const Bf16BlockArgs& args) {
  float *top = args.sums, *bottom = top + kTileRows * args.sums_stride;
  const int64_t bytes = args.sums_stride * 4;  // from row to row
  if (!args.accumulate) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    return;
  }
  _tile_loadd(0, top, bytes);
  if constexpr (B > 1) _tile_loadd(1, top + kColumns, bytes);
  if constexpr (A > 1) _tile_loadd(2, bottom, bytes);
  if constexpr (A > 1 && B > 1) _tile_loadd(3, bottom + kColumns, bytes);
}

template <int A, int B> void multiply_block(const Bf16BlockArgs& args) noexcept {
  float *top = args.sums, *bottom = top + kTileRows * args.sums_stride;
  const int64_t bytes = args.sums_stride * 4;  // from row to row
  memory_fence();
  begin_sums<A, B>(args);
  const int64_t parts = args.depth / kBlockDepth;
  if (args.meanwhile == nullptr) {
    multiply_parts<A, B>(args, [](int64_t) {});
  } else if (parts == 0) {
    args.meanwhile->finish_rows();
  } else {
    const FinishArgs& other = *args.meanwhile;
    const int64_t at_once = std::max(kRowsAtOnce, (other.rows + parts - 1) / parts);
    multiply_parts<A, B>(args, [&](int64_t part) {
      const int64_t first = part * at_once;
      if (first < other.rows) other.rows_fn(other, first, std::min(other.rows, first + at_once));
    });
  }
  _tile_stored(0, top, bytes);
  if constexpr (B > 1) _tile_stored(1, top + kColumns, bytes);
  if constexpr (A > 1) _tile_stored(2, bottom, bytes);
  if constexpr (A > 1 && B > 1) _tile_stored(3, bottom + kColumns, bytes);
  memory_fence();
}

void multiply(const Bf16BlockArgs& args) noexcept {
  if (args.rows > kTileRows) {
    args.vectors > 1 ? multiply_block<2, 2>(args) : multiply_block<2, 1>(args);
  } else {
    args.vectors > 1 ? multiply_block<1, 2>(args) : multiply_block<1, 1>(args);
  }
}

// What a vector of a row takes from a tap: lanes of `mask` from `shift` elements behind the tap's start.
struct Piece {
  int64_t tap, shift;
  __mmask32 mask;
  bool last;  // of its vector
};
constexpr int64_t kMostPieces = 256;

// Writes the pieces of a row of `taps` * `depth` elements, vector by vector, and counts them.
int64_t cut_row(const Bf16GatherArgs& args, Piece* pieces) {
  int64_t count = 0;
  for (int64_t first = 0; first < args.stored; first += kBlockDepth) {
    const int64_t end = std::min(first + kBlockDepth, args.taps * args.depth);
    for (int64_t at = first; at < end;) {
      const int64_t tap = at / args.depth, next = std::min(end, (tap + 1) * args.depth);
      const uint64_t lanes = ((uint64_t{1} << (next - first)) - 1) & ~((uint64_t{1} << (at - first)) - 1);
      pieces[count++] = {tap, first - tap * args.depth, static_cast<__mmask32>(lanes), next == end};
      at = next;
    }
  }
  return count;
}

// Every vector of a row is put together in a register.
void gather_pieces(const Bf16GatherArgs& args) noexcept {
  Piece pieces[kMostPieces];
  const int64_t count = cut_row(args, pieces);
  for (int64_t row = 0; row < args.rows; ++row) {
    uint16_t* out = args.out + row * kBlockDepth;
    __m512i vector = _mm512_setzero_si512();
    for (int64_t i = 0; i < count; ++i) {
      const Piece& piece = pieces[i];
      // Lanes before the piece lie before the tap: an address that may be nobody's, and is not read.
      const auto from = reinterpret_cast<uintptr_t>(args.a[piece.tap * args.a_rows + row]) +
                        static_cast<uintptr_t>(piece.shift * int64_t{sizeof(uint16_t)});
      vector = _mm512_mask_loadu_epi16(vector, piece.mask, reinterpret_cast<const void*>(from));
      if (!piece.last) continue;
      _mm512_storeu_si512(out, vector);
      out += kBlockRows * kBlockDepth;
      vector = _mm512_setzero_si512();
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
  } else if (args.taps + args.stored / kBlockDepth <= kMostPieces) {
    gather_pieces(args);
  } else {
    gather_rows(args);
  }
}

constexpr Bf16BlockSet kBlocks = {begin, end, gather, multiply};

}  // namespace
}  // namespace amx

const Bf16TileSet kAmxBf16_32x32 = {
    {32, 2, 16, "bf16_blocks_32x16", 1200, nullptr, nullptr}, nullptr, &amx::kBlocks, avx512bf16_finisher};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
