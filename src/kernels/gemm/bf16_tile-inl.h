// The tile over a vector type B16 (Reg, Mask, kWidth and the functions used below), written once. Included inside a
// target region and a namespace that defines B16. Every loop over sums is unrolled, or GCC 12 keeps them in memory.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

template <int R, int V> struct Sums { B16::Reg at[R][V]; };

// One tap of rows [first, first + count). `a`: of every row.
template <int first, int count, int R, int V>
inline __attribute__((always_inline)) void multiply_rows(Sums<R, V>& sums, const Bf16TileArgs& args,
                                                         const uint16_t* const (&a)[R], const uint16_t* b) {
  const int64_t units = args.depth / 2, step = args.b_step;
  for (int64_t unit = 0; unit < units; ++unit, b += step) {
    B16::Units row[V];
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) row[v] = B16::load_units(b + v * 2 * B16::kWidth);
    INGOT_UNROLL
    for (int r = first; r < first + count; ++r) {
      const B16::Units value = B16::broadcast_unit(a[r] + 2 * unit);
      INGOT_UNROLL
      for (int v = 0; v < V; ++v) sums.at[r][v] = B16::dot(sums.at[r][v], value, row[v]);
    }
  }
  if (args.depth % 2 == 0) return;
  B16::Units row[V];
  INGOT_UNROLL
  for (int v = 0; v < V; ++v) row[v] = B16::load_units(b + v * 2 * B16::kWidth);
  INGOT_UNROLL
  for (int r = first; r < first + count; ++r) {
    const B16::Units value = B16::broadcast_last(a[r] + 2 * units);
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) sums.at[r][v] = B16::dot(sums.at[r][v], value, row[v]);
  }
}

// Halves of the rows that read nothing of a tap are left out: windows over an edge, wide with dilation.
template <int R, int V>
inline __attribute__((always_inline)) void multiply(Sums<R, V>& sums, const Bf16TileArgs& args) {
  constexpr int kHalf = R / 2;
  const uint16_t* b = args.b;
  const int64_t tap_elements = (args.depth + 1) / 2 * args.b_step;
  for (int64_t tap = 0; tap < args.taps; ++tap, b += tap_elements) {
    const uint16_t* a[R];
    bool reads[2] = {false, false};
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) {
      a[r] = args.a[tap * args.a_rows + r];
      reads[r >= kHalf] |= a[r] != args.zeros;
    }
    if (reads[0] && reads[1]) {
      multiply_rows<0, R>(sums, args, a, b);
    } else if (reads[0]) {
      multiply_rows<0, kHalf>(sums, args, a, b);
    } else if (reads[1]) {
      multiply_rows<kHalf, R - kHalf>(sums, args, a, b);
    }
  }
}

template <int R, int V> inline __attribute__((always_inline)) void clear(Sums<R, V>& sums) {
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) sums.at[r][v] = B16::set(0);
  }
}

// Finishes the sums and stores them. What a result needs is settled before the first: tests between results take longer
// than short sums. `whole`: all columns exist; `added`: there is an addend, which results in f32 have none of.
template <bool wide, bool whole, bool added, int R, int V>
inline __attribute__((always_inline)) void finish(const Sums<R, V>& sums, const Bf16TileArgs& args) {
  const TileFinish& how = args.finish;
  const B16::Reg alpha = B16::set(how.alpha), low = B16::set(how.low), high = B16::set(how.high);
  const int64_t last = args.columns - (V - 1) * B16::kWidth;
  const B16::Mask mask = B16::mask(last);
  B16::Reg bias[V];
  INGOT_UNROLL
  for (int v = 0; v < V; ++v) {
    const float* at = how.bias == nullptr ? nullptr : how.bias + v * B16::kWidth;
    bias[v] = at == nullptr ? B16::set(0) : whole || v < V - 1 ? B16::load(at) : B16::load(at, mask);
  }
  const int64_t c_stride = args.c_stride, addend_stride = args.addend.stride;
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) {
      const bool all = whole || v < V - 1;
      B16::Reg sum = B16::fma(sums.at[r][v], alpha, bias[v]);
      if constexpr (added) {
        const uint16_t* at = args.addend.at + r * addend_stride + v * B16::kWidth;
        sum = B16::add(sum, all ? B16::load_narrow(at) : B16::load_narrow(at, last));
      }
      sum = B16::min(high, B16::max(low, sum));
      const int64_t at = r * c_stride + v * B16::kWidth;
      if constexpr (wide) {
        all ? B16::store(args.wide + at, sum) : B16::store(args.wide + at, sum, mask);
      } else {
        all ? B16::store_narrow(args.narrow + at, sum) : B16::store_narrow(args.narrow + at, sum, last);
      }
    }
  }
}

template <int R, int V>
inline __attribute__((always_inline)) void complete(const Sums<R, V>& sums, const Bf16TileArgs& args) {
  const bool whole = args.columns >= V * B16::kWidth, added = args.addend.at != nullptr;
  if (args.wide != nullptr) {
    whole ? finish<true, true, false>(sums, args) : finish<true, false, false>(sums, args);
  } else if (added) {
    whole ? finish<false, true, true>(sums, args) : finish<false, false, true>(sums, args);
  } else {
    whole ? finish<false, true, false>(sums, args) : finish<false, false, false>(sums, args);
  }
}

template <int R, int V> void tile(const Bf16TileArgs& args) noexcept {
  Sums<R, V> sums;
  clear(sums);
  multiply(sums, args);
  complete(sums, args);
}

template <int Rows, int Vectors> struct Tiles { Bf16TileFn at[Rows * Vectors]; };

template <int Rows, int Vectors> constexpr Tiles<Rows, Vectors> make_tiles() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return Tiles<Rows, Vectors>{{&tile<static_cast<int>(I) / Vectors + 1, static_cast<int>(I) % Vectors + 1>...}};
  }
  (std::make_index_sequence<Rows * Vectors>());
}

#undef INGOT_UNROLL
