// Gemv over the vector vocabulary (kernels/isa/vec_*.h), written once. Included inside a target region.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

inline constexpr int64_t kLines = 8;  // of B that a pass over the sums reads side by side

inline __attribute__((always_inline)) F load_rest(const float* p, int64_t rest) {
  return rest >= kLanes ? load(p) : load_part(p, rest);
}
inline __attribute__((always_inline)) void store_rest(float* p, F x, int64_t rest) {
  if (rest >= kLanes) {
    store(p, x);
  } else {
    store_part(p, x, rest);
  }
}

// Adds `lines` lines of B to the sums in y; starts from zero when `first`.
template <int kRows, int kCount> void add_lines(const GemvArgs& args, int64_t depth, bool first) {
  const float* b = args.b + depth * args.b_stride;
  for (int64_t c = 0; c < args.columns; c += kLanes) {
    const int64_t rest = args.columns - c;
    F line[kCount];
    INGOT_UNROLL
    for (int i = 0; i < kCount; ++i) line[i] = load_rest(b + i * args.b_stride + c, rest);
    INGOT_UNROLL
    for (int r = 0; r < kRows; ++r) {
      float* y = args.y + r * args.y_stride + c;
      F sum = first ? set1(0) : load_rest(y, rest);
      INGOT_UNROLL
      for (int i = 0; i < kCount; ++i) sum = fma(set1(args.a[r][depth + i]), line[i], sum);
      store_rest(y, sum, rest);
    }
  }
}

template <int kRows> void add_all_lines(const GemvArgs& args) {
  int64_t depth = 0;
  for (; depth + kLines <= args.depth; depth += kLines) add_lines<kRows, kLines>(args, depth, depth == 0);
  for (; depth < args.depth; ++depth) add_lines<kRows, 1>(args, depth, depth == 0);
}

inline void gemv_rows(const GemvArgs& args) noexcept {
  if (args.depth == 0) {
    for (int64_t r = 0; r < args.rows; ++r) std::fill_n(args.y + r * args.y_stride, args.columns, 0.0f);
    return;
  }
  switch (args.rows) {
    case 1: return add_all_lines<1>(args);
    case 2: return add_all_lines<2>(args);
    case 3: return add_all_lines<3>(args);
    default: return add_all_lines<4>(args);
  }
}

// kColumns dot products with each row of A.
template <int kRows, int kColumns> void dot(const GemvArgs& args, int64_t column) {
  const float* b = args.b + column * args.b_stride;
  F sums[kRows][kColumns];
  INGOT_UNROLL
  for (int r = 0; r < kRows; ++r) {
    INGOT_UNROLL
    for (int c = 0; c < kColumns; ++c) sums[r][c] = set1(0);
  }
  for (int64_t d = 0; d < args.depth; d += kLanes) {
    const int64_t rest = args.depth - d;
    F line[kColumns];
    INGOT_UNROLL
    for (int c = 0; c < kColumns; ++c) line[c] = load_rest(b + c * args.b_stride + d, rest);
    INGOT_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const F a = load_rest(args.a[r] + d, rest);
      INGOT_UNROLL
      for (int c = 0; c < kColumns; ++c) sums[r][c] = fma(a, line[c], sums[r][c]);
    }
  }
  INGOT_UNROLL
  for (int r = 0; r < kRows; ++r) {
    INGOT_UNROLL
    for (int c = 0; c < kColumns; ++c) args.y[r * args.y_stride + column + c] = sum_lanes(sums[r][c]);
  }
}

// As many sums as hide the latency of additions and stay in registers.
template <int kRows, int kColumns> void all_dots(const GemvArgs& args) {
  int64_t column = 0;
  for (; column + kColumns <= args.columns; column += kColumns) dot<kRows, kColumns>(args, column);
  for (; column < args.columns; ++column) dot<kRows, 1>(args, column);
}

inline void gemv_columns(const GemvArgs& args) noexcept {
  switch (args.rows) {
    case 1: return all_dots<1, 8>(args);
    case 2: return all_dots<2, 4>(args);
    case 3: return all_dots<3, 2>(args);
    default: return all_dots<4, 2>(args);
  }
}

inline void gemv_finish(const GemvArgs& args, const TileFinish& finish) noexcept {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const bool clamps = finish.low != -kInfinity || finish.high != kInfinity;
  if (finish.alpha == 1 && finish.bias == nullptr && finish.addend == nullptr && !clamps) return;
  const F alpha = set1(finish.alpha), low = set1(finish.low), high = set1(finish.high);
  for (int64_t r = 0; r < args.rows; ++r) {
    for (int64_t c = 0; c < args.columns; c += kLanes) {
      const int64_t rest = args.columns - c;
      float* y = args.y + r * args.y_stride + c;
      F value = load_rest(y, rest);
      if (finish.bias != nullptr) {
        value = fma(alpha, value, load_rest(finish.bias + r * finish.bias_stride + c, rest));
      } else {
        value = alpha * value;
      }
      if (finish.addend != nullptr) value = value + load_rest(finish.addend + r * finish.addend_stride + c, rest);
      store_rest(y, min2(high, max2(low, value)), rest);
    }
  }
}

#undef INGOT_UNROLL
