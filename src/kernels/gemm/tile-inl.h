// The tile over a vector type F32 (Reg, Mask, kWidth and the functions used below), written once. Included inside a
// target region and a namespace that defines F32. Registers: R x V sums, V of B, one of A: 29 of 32 for 6x64 on
// AVX-512, 15 of 16 for 6x16 on AVX2. Every loop over sums is unrolled, or GCC 12 keeps them in memory.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

template <int R, int V> struct Sums { F32::Reg at[R][V]; };

template <int R, int V>
inline __attribute__((always_inline)) void add_rows(Sums<R, V>& sums, const float* from, int64_t stride, bool whole,
                                                    F32::Mask mask, F32::Reg scale) {
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) {
      const float* at = from + r * stride + v * F32::kWidth;
      const F32::Reg addend = v < V - 1 || whole ? F32::load(at) : F32::load(at, mask);
      sums.at[r][v] = F32::fma(sums.at[r][v], scale, addend);
    }
  }
}

// Floats of B ahead of those that a row alone reads: it waits for memory, and the CPU's prefetching ends with a page.
inline constexpr int64_t kAhead = 1024;

template <int R, int V> inline __attribute__((always_inline)) void multiply(Sums<R, V>& sums, const TileArgs& args) {
  const char* next = args.next != nullptr ? args.next : reinterpret_cast<const char*>(args.b);
  const int64_t next_step = args.next != nullptr ? args.next_step : 0;
  const bool several = next_step > 64;
  for (int64_t tap = 0; tap < args.taps; ++tap) {
    const float* const* rows = args.a + tap * args.a_rows;
    bool nothing = true;
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) nothing &= rows[r] == args.zeros;
    if (nothing) continue;
    const float* a[R];
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) a[r] = rows[r] + args.a_offset;
    const float* b = args.b + args.b_offsets[tap];
    const int64_t depth = args.depth, step = args.b_step;
    for (int64_t d = 0; d < depth; ++d) {
      if constexpr (R == 1) {
        INGOT_UNROLL
        for (int v = 0; v < V; ++v) __builtin_prefetch(b + kAhead + v * F32::kWidth, 0, 2);
      } else {
        __builtin_prefetch(next, 0, 2);
        if (several) {  // few tiles, each with much to fetch
          for (int64_t line = 64; line < next_step; line += 64) __builtin_prefetch(next + line, 0, 2);
        }
        next += next_step;
      }
      F32::Reg row[V];
      INGOT_UNROLL
      for (int v = 0; v < V; ++v) row[v] = F32::load(b + v * F32::kWidth);
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) {
        const F32::Reg value = F32::broadcast(a[r] + d);
        INGOT_UNROLL
        for (int v = 0; v < V; ++v) sums.at[r][v] = F32::fma(value, row[v], sums.at[r][v]);
      }
      b += step;
    }
  }
}

template <int R, int V>
inline __attribute__((always_inline)) void finish(Sums<R, V>& sums, const TileFinish& how, bool whole, F32::Mask mask) {
  const F32::Reg alpha = F32::broadcast(&how.alpha);
  if (how.bias != nullptr) {
    add_rows(sums, how.bias, how.bias_stride, whole, mask, alpha);
  } else if (how.alpha != 1) {
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) {
      INGOT_UNROLL
      for (int v = 0; v < V; ++v) sums.at[r][v] = F32::mul(sums.at[r][v], alpha);
    }
  }
  if (how.addend != nullptr) {
    const float one = 1;
    add_rows(sums, how.addend, how.addend_stride, whole, mask, F32::broadcast(&one));
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (how.low == -kInfinity && how.high == kInfinity) return;
  const F32::Reg low = F32::broadcast(&how.low), high = F32::broadcast(&how.high);
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) sums.at[r][v] = F32::min(high, F32::max(low, sums.at[r][v]));
  }
}

template <int R, int V> void tile(const TileArgs& args) noexcept {
  const bool whole = args.columns >= V * F32::kWidth;
  const F32::Mask mask = F32::mask(args.columns - (V - 1) * F32::kWidth);
  Sums<R, V> sums;
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) {
      const float* at = args.c + r * args.c_stride + v * F32::kWidth;
      if (args.accumulate) {
        sums.at[r][v] = v < V - 1 || whole ? F32::load(at) : F32::load(at, mask);
      } else {
        sums.at[r][v] = F32::zero();
        __builtin_prefetch(at, 1);
      }
    }
  }
  multiply(sums, args);
  if (args.finished) finish(sums, args.finish, whole, mask);
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) {
      float* at = args.c + r * args.c_stride + v * F32::kWidth;
      if (v < V - 1 || whole) {
        F32::store(at, sums.at[r][v]);
      } else {
        F32::store(at, sums.at[r][v], mask);
      }
    }
  }
}

// A row alone waits for B to come from memory, which several streams at once do faster than one after the other.
template <int V> void row_tile(const TileArgs& args, int64_t panel_floats) noexcept {
  Sums<1, kRowPanels * V> sums;
  INGOT_UNROLL
  for (int v = 0; v < kRowPanels * V; ++v) {
    sums.at[0][v] = args.accumulate ? F32::load(args.c + v * F32::kWidth) : F32::zero();
  }
  for (int64_t tap = 0; tap < args.taps; ++tap) {
    const float* a = args.a[tap * args.a_rows] + args.a_offset;
    const float* b[kRowPanels];
    INGOT_UNROLL
    for (int p = 0; p < kRowPanels; ++p) b[p] = args.b + args.b_offsets[tap] + p * panel_floats;
    for (int64_t d = 0, at = 0; d < args.depth; ++d, at += args.b_step) {
      const F32::Reg value = F32::broadcast(a + d);
      INGOT_UNROLL
      for (int v = 0; v < kRowPanels * V; ++v) {
        __builtin_prefetch(b[v / V] + at + kAhead + v % V * F32::kWidth, 0, 2);
        sums.at[0][v] = F32::fma(value, F32::load(b[v / V] + at + v % V * F32::kWidth), sums.at[0][v]);
      }
    }
  }
  if (args.finished) finish(sums, args.finish, true, F32::mask(F32::kWidth));
  INGOT_UNROLL
  for (int v = 0; v < kRowPanels * V; ++v) F32::store(args.c + v * F32::kWidth, sums.at[0][v]);
}

template <int Rows, int Vectors> struct Tiles { TileFn at[Rows * Vectors]; };

template <int Rows, int Vectors> constexpr Tiles<Rows, Vectors> make_tiles() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return Tiles<Rows, Vectors>{{&tile<static_cast<int>(I) / Vectors + 1, static_cast<int>(I) % Vectors + 1>...}};
  }
  (std::make_index_sequence<Rows * Vectors>());
}

#undef INGOT_UNROLL
