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

template <class T> inline float element_of(const void* data, int64_t i, float none) {
  if (data == nullptr) return none;
  alignas(64) float lanes[kLanes];
  store(lanes, get_part(static_cast<const T*>(data) + i, 1));
  return lanes[0];
}

template <class T> void norm_group_first(const GroupNormArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  const Statistics statistics = statistics_of(x, args.channels * args.size, args.epsilon, false);
  for (int64_t c = 0; c < args.channels; ++c) {
    const float factor = element_of<T>(args.scale, c * args.parameter_stride, 1.0f) * statistics.inverse_deviation;
    const F scale = set1(factor), mean = set1(statistics.mean);
    const F bias = set1(element_of<T>(args.bias, c * args.parameter_stride, 0.0f));
    const T* from = x + c * args.size;
    T* to = y + c * args.size;
    int64_t i = 0;
    for (; i + kLanes <= args.size; i += kLanes) put(to + i, fma(get(from + i) - mean, scale, bias));
    if (i < args.size) put_part(to + i, fma(get_part(from + i, args.size - i) - mean, scale, bias), args.size - i);
  }
}

// Sum of fn over the group's positions and channels.
template <class T, class Fn> inline float sum_of_group(const GroupNormArgs& args, Fn fn) {
  const T* x = static_cast<const T*>(args.x);
  if (args.channels == args.stride) return sum_over(x, args.size * args.channels, fn);
  F s0 = set1(0.0f), s1 = s0;
  for (int64_t p = 0; p < args.size; ++p) {
    const T* row = x + p * args.stride;
    int64_t c = 0;
    for (; c + kLanes <= args.channels; c += kLanes) s0 = s0 + fn(get(row + c));
    if (c < args.channels) {
      s1 = s1 + keep_first(fn(get_part(row + c, args.channels - c)), args.channels - c, set1(0.0f));
    }
  }
  return sum_lanes(s0 + s1);
}

// Every position's channels as a row, with the group's statistics.
template <class T, Affine scaling, Affine shifting>
void normalize_group(const GroupNormArgs& args, const Statistics& statistics) {
  NormArgs row{};
  row.scale = args.scale;
  row.bias = args.bias;
  row.size = args.channels;
  for (int64_t p = 0; p < args.size; ++p) {
    normalize_row<T, scaling, shifting>(row, static_cast<const T*>(args.x) + p * args.stride,
                                        static_cast<T*>(args.y) + p * args.stride, statistics);
  }
}

template <class T, Affine each> void normalize_group_scaled(const GroupNormArgs& args, const Statistics& statistics) {
  if (args.scale == nullptr && args.bias == nullptr) {
    return normalize_group<T, Affine::kNone, Affine::kNone>(args, statistics);
  }
  if (args.bias == nullptr) return normalize_group<T, each, Affine::kNone>(args, statistics);
  if (args.scale == nullptr) return normalize_group<T, Affine::kNone, each>(args, statistics);
  return normalize_group<T, each, each>(args, statistics);
}

template <class T> void norm_group_last(const GroupNormArgs& args) noexcept {
  const auto count = static_cast<float>(args.channels * args.size);
  const float mean = sum_of_group<T>(args, Itself()) / count;
  const F middle = set1(mean);
  const float square = sum_of_group<T>(args, [middle](F v) {
    const F d = v - middle;
    return d * d;
  });
  const Statistics statistics{mean, 1.0f / sqrtf(square / count + args.epsilon)};
  if (args.parameter_stride == 1) return normalize_group_scaled<T, Affine::kEach>(args, statistics);
  normalize_group_scaled<T, Affine::kOne>(args, statistics);
}

// Groups of one channel: every column has statistics of its own.
template <class T> void norm_columns(const GroupNormArgs& args) noexcept {
  const F count = set1(static_cast<float>(args.size)), epsilon = set1(args.epsilon);
  for (int64_t c = 0; c < args.channels; c += kLanes) {
    const int64_t n = args.channels - c < kLanes ? args.channels - c : kLanes;
    const auto read = [n](const T* p) { return n == kLanes ? get(p) : get_part(p, n); };
    const T* x = static_cast<const T*>(args.x) + c;
    T* y = static_cast<T*>(args.y) + c;
    F sum = set1(0.0f), square = sum;
    for (int64_t p = 0; p < args.size; ++p) sum = sum + read(x + p * args.stride);
    const F mean = sum / count;
    for (int64_t p = 0; p < args.size; ++p) {
      const F d = read(x + p * args.stride) - mean;
      square = fma(d, d, square);
    }
    F scale = set1(1.0f), bias = set1(0.0f);
    if (args.scale != nullptr) scale = read(static_cast<const T*>(args.scale) + c);
    if (args.bias != nullptr) bias = read(static_cast<const T*>(args.bias) + c);
    scale = scale / sqrt(square / count + epsilon);
    for (int64_t p = 0; p < args.size; ++p) {
      const F result = fma(read(x + p * args.stride) - mean, scale, bias);
      n == kLanes ? put(y + p * args.stride, result) : put_part(y + p * args.stride, result, n);
    }
  }
}

template <class T> constexpr NormFunctions norm_of() {
  return {norm_rows<T>, norm_group_first<T>, norm_group_last<T>, norm_columns<T>};
}
inline NormFunctions find_norm(DType dtype) {
  switch (dtype) {
    case DType::kF32: return norm_of<float>();
    case DType::kF16: return norm_of<Half>();
    case DType::kBF16: return norm_of<Brain>();
    default: return {nullptr, nullptr, nullptr, nullptr};
  }
}
