// The functions of norm.h on one ISA; included inside its namespace.

// Not a lambda: one without captures has a static conversion function that misses the region's instructions.
struct Itself {
  F operator()(F v) const { return v; }
};

// Sum of fn(x[i]) over consecutive elements, four accumulators.
template <class T, class Fn> inline float sum_over(const T* x, int64_t size, Fn fn) {
  F s0 = set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes) {
    s0 = s0 + fn(get(x + i));
    s1 = s1 + fn(get(x + i + kLanes));
    s2 = s2 + fn(get(x + i + 2 * kLanes));
    s3 = s3 + fn(get(x + i + 3 * kLanes));
  }
  for (; i + kLanes <= size; i += kLanes) s0 = s0 + fn(get(x + i));
  if (i < size) s1 = s1 + keep_first(fn(get_part(x + i, size - i)), size - i, set1(0.0f));
  return sum_lanes((s0 + s1) + (s2 + s3));
}

struct Statistics {
  float mean, inverse_deviation;
};
template <class T> inline Statistics statistics_of(const T* x, int64_t size, float epsilon, bool rms) {
  const auto count = static_cast<float>(size);
  const float mean = rms ? 0.0f : sum_over(x, size, Itself()) / count;
  const F middle = set1(mean);
  const float square = sum_over(x, size, [middle](F v) {
    const F d = v - middle;
    return d * d;
  });
  return {mean, 1.0f / sqrtf(square / count + epsilon)};
}

// What of scale and bias a row has: nothing, one element, or one per element.
enum class Affine { kNone, kOne, kEach };
template <Affine affine, class T> struct AffineOperand {
  const T* data;
  F all;
  AffineOperand(const void* pointer, float none) : data(static_cast<const T*>(pointer)), all(set1(none)) {
    if constexpr (affine == Affine::kOne) {
      const F first = get_part(data, 1);
      alignas(64) float lanes[kLanes];
      store(lanes, first);
      all = set1(lanes[0]);
    }
  }
  F at(int64_t i) const {
    if constexpr (affine == Affine::kEach) {
      return get(data + i);
    } else {
      return all;
    }
  }
  F part(int64_t i, int64_t n) const {
    if constexpr (affine == Affine::kEach) {
      return get_part(data + i, n);
    } else {
      return all;
    }
  }
};

template <class T, Affine scaling, Affine shifting>
void normalize_row(const NormArgs& args, const T* x, T* y, const Statistics& statistics) {
  const AffineOperand<scaling, T> scale(args.scale, 1.0f);
  const AffineOperand<shifting, T> bias(args.bias, 0.0f);
  const F mean = set1(statistics.mean), factor = set1(statistics.inverse_deviation);
  int64_t i = 0;
  for (; i + kLanes <= args.size; i += kLanes) {
    put(y + i, fma((get(x + i) - mean) * factor, scale.at(i), bias.at(i)));
  }
  if (i < args.size) {
    const int64_t n = args.size - i;
    put_part(y + i, fma((get_part(x + i, n) - mean) * factor, scale.part(i, n), bias.part(i, n)), n);
  }
}

template <class T, Affine scaling, Affine shifting> void normalize_rows(const NormArgs& args) {
  for (int64_t r = 0; r < args.rows; ++r) {
    const T* x = static_cast<const T*>(args.x) + r * args.size;
    const Statistics statistics = statistics_of(x, args.size, args.epsilon, args.rms);
    normalize_row<T, scaling, shifting>(args, x, static_cast<T*>(args.y) + r * args.size, statistics);
    if (args.mean != nullptr) args.mean[r] = statistics.mean;
    if (args.inverse_deviation != nullptr) args.inverse_deviation[r] = statistics.inverse_deviation;
  }
}

template <class T, Affine scaling> void normalize_scaled(const NormArgs& args) {
  if (args.bias == nullptr) return normalize_rows<T, scaling, Affine::kNone>(args);
  if (args.scalar_bias) return normalize_rows<T, scaling, Affine::kOne>(args);
  return normalize_rows<T, scaling, Affine::kEach>(args);
}
template <class T> void norm_rows(const NormArgs& args) noexcept {
  if (args.scale == nullptr) return normalize_scaled<T, Affine::kNone>(args);
  if (args.scalar_scale) return normalize_scaled<T, Affine::kOne>(args);
  return normalize_scaled<T, Affine::kEach>(args);
}

// What is summed: elements, or squares of their distances from a mean. No lambdas, as above.
template <bool squares> struct Summand {
  F mean;
  F operator()(F x) const {
    if constexpr (!squares) return x;
    const F d = x - mean;
    return d * d;
  }
};

template <class T, bool squares> inline void sum_rows_with(const ChannelArgs& args) {
  for (int64_t r = 0; r < args.rows; ++r) {
    const F mean = set1(squares ? args.mean[r] : 0.0f);
    args.sums[r] = sum_over(static_cast<const T*>(args.x) + r * args.stride, args.columns, Summand<squares>{mean});
  }
}
template <class T> void sum_rows(const ChannelArgs& args) noexcept {
  args.mean != nullptr ? sum_rows_with<T, true>(args) : sum_rows_with<T, false>(args);
}

template <class T> void normalize_by_row(const ChannelArgs& args) noexcept {
  for (int64_t r = 0; r < args.rows; ++r) {
    const F mean = set1(args.mean[r]), factor = set1(args.factor[r]), shift = set1(args.shift[r]);
    const T* x = static_cast<const T*>(args.x) + r * args.stride;
    T* y = static_cast<T*>(args.y) + r * args.stride;
    int64_t i = 0;
    for (; i + kLanes <= args.columns; i += kLanes) put(y + i, fma(get(x + i) - mean, factor, shift));
    const int64_t rest = args.columns - i;
    if (rest > 0) put_part(y + i, fma(get_part(x + i, rest) - mean, factor, shift), rest);
  }
}

// kVectors vectors of columns from `column` on, the last of n elements; kRows rows at once hide the sums' latency.
template <class T, bool squares, int kVectors, int kRows>
inline void sum_some_columns(const ChannelArgs& args, int64_t column, int64_t n) {
  const T* x = static_cast<const T*>(args.x) + column;
  const auto read = [n](const T* p, int v) { return v < kVectors - 1 || n == kLanes ? get(p) : get_part(p, n); };
  F sums[kRows][kVectors], mean[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const float* from = squares ? args.mean + column + v * kLanes : nullptr;
    mean[v] = !squares ? set1(0.0f) : v < kVectors - 1 || n == kLanes ? load(from) : load_part(from, n);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) sums[r][v] = set1(0.0f);
  }
  const auto add_rows = [&](int64_t row, int rows) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        if (r < rows) {
          const F value = read(x + (row + r) * args.stride + v * kLanes, v);
          sums[r][v] = sums[r][v] + Summand<squares>{mean[v]}(value);
        }
      }
    }
  };
  int64_t row = 0;
  for (; row + kRows <= args.rows; row += kRows) add_rows(row, kRows);
  for (; row < args.rows; ++row) add_rows(row, 1);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    F sum = sums[0][v];
    for (int r = 1; r < kRows; ++r) sum = sum + sums[r][v];
    float* to = args.sums + column + v * kLanes;
    v < kVectors - 1 || n == kLanes ? store(to, sum) : store_part(to, sum, n);
  }
}
template <class T, bool squares> inline void sum_columns_with(const ChannelArgs& args) {
  int64_t column = 0;
  for (; column + 4 * kLanes <= args.columns; column += 4 * kLanes) {
    sum_some_columns<T, squares, 4, 1>(args, column, kLanes);
  }
  for (; column < args.columns; column += kLanes) {
    const int64_t rest = args.columns - column;
    sum_some_columns<T, squares, 1, 4>(args, column, rest < kLanes ? rest : kLanes);
  }
}
template <class T> void sum_columns(const ChannelArgs& args) noexcept {
  args.mean != nullptr ? sum_columns_with<T, true>(args) : sum_columns_with<T, false>(args);
}

template <class T> void normalize_by_column(const ChannelArgs& args) noexcept {
  for (int64_t r = 0; r < args.rows; ++r) {
    const T* x = static_cast<const T*>(args.x) + r * args.stride;
    T* y = static_cast<T*>(args.y) + r * args.stride;
    int64_t c = 0;
    for (; c + kLanes <= args.columns; c += kLanes) {
      put(y + c, fma(get(x + c) - load(args.mean + c), load(args.factor + c), load(args.shift + c)));
    }
    const int64_t n = args.columns - c;
    if (n == 0) continue;
    const F centred = get_part(x + c, n) - load_part(args.mean + c, n);
    put_part(y + c, fma(centred, load_part(args.factor + c, n), load_part(args.shift + c, n)), n);
  }
}

template <class T> constexpr NormFunctions norm_of() {
  return {norm_rows<T>, {sum_rows<T>, normalize_by_row<T>}, {sum_columns<T>, normalize_by_column<T>}};
}
inline NormFunctions find_norm(DType dtype) {
  switch (dtype) {
    case DType::kF32: return norm_of<float>();
    case DType::kF16: return norm_of<Half>();
    case DType::kBF16: return norm_of<Brain>();
    default: return {};
  }
}
