// The tile over a vector type B8 (Sum, Units, kWidth and the functions used below), written once. Included inside a
// target region and a namespace that defines B8. Every loop over sums is unrolled, or GCC 12 keeps them in memory.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

template <int R, int V> struct Sums { B8::Sum at[R][V]; };

template <int R, int V>
inline __attribute__((always_inline)) void add_unit(Sums<R, V>& sums, const int8_t* b, const B8::Value (&values)[R]) {
  B8::Units row[V];
  INGOT_UNROLL
  for (int v = 0; v < V; ++v) row[v] = B8::load_units(b + v * 4 * B8::kWidth);
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) sums.at[r][v] = B8::dot(sums.at[r][v], values[r], row[v]);
  }
}

// A unit of A; with `is_signed` it is flipped to unsigned numbers.
template <bool is_signed> inline __attribute__((always_inline)) B8::Value value_of(uint32_t unit) {
  return B8::broadcast(is_signed ? unit ^ 0x80808080u : unit);
}

template <bool is_signed, int R, int V>
inline __attribute__((always_inline)) void multiply(Sums<R, V>& sums, const Int8TileArgs& args) {
  const int8_t* b = args.b;
  const int64_t whole = args.depth / 4 * 4, step = args.b_step, rest = args.depth - whole;
  for (int64_t tap = 0; tap < args.taps; ++tap) {
    const uint8_t* a[R];
    B8::Value values[R];
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) a[r] = args.a[tap * args.a_rows + r];
    for (int64_t d = 0; d < whole; d += 4, b += step) {
      B8::Units row[V];
      INGOT_UNROLL
      for (int v = 0; v < V; ++v) row[v] = B8::load_units(b + v * 4 * B8::kWidth);
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) {  // one value at a time: registers are few
        uint32_t unit;
        __builtin_memcpy(&unit, a[r] + d, 4);
        const B8::Value value = value_of<is_signed>(unit);
        INGOT_UNROLL
        for (int v = 0; v < V; ++v) sums.at[r][v] = B8::dot(sums.at[r][v], value, row[v]);
      }
    }
    if (rest == 0) continue;
    INGOT_UNROLL
    for (int r = 0; r < R; ++r) {
      uint32_t unit = a[r][whole];  // what lies behind the row is not read
      if (rest > 1) unit |= static_cast<uint32_t>(a[r][whole + 1]) << 8;
      if (rest > 2) unit |= static_cast<uint32_t>(a[r][whole + 2]) << 16;
      values[r] = value_of<is_signed>(unit);
    }
    add_unit<R, V>(sums, b, values);
    b += step;
  }
}

template <int R, int V> void tile(const Int8TileArgs& args) noexcept {
  Sums<R, V> sums;
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) sums.at[r][v] = B8::zero();
  }
  if (args.is_signed) {
    multiply<true>(sums, args);
  } else {
    multiply<false>(sums, args);
  }
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int v = 0; v < V; ++v) {
      B8::store(args.c + r * args.c_stride + v * B8::kWidth, sums.at[r][v], args.minus + v * B8::kWidth,
                args.columns - v * B8::kWidth);
    }
  }
}

template <int Rows, int Vectors> struct Tiles { Int8TileFn at[Rows * Vectors]; };

template <int Rows, int Vectors> constexpr Tiles<Rows, Vectors> make_tiles() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return Tiles<Rows, Vectors>{{&tile<static_cast<int>(I) / Vectors + 1, static_cast<int>(I) % Vectors + 1>...}};
  }
  (std::make_index_sequence<Rows * Vectors>());
}

#undef INGOT_UNROLL
