// The functions of reduce.h on one ISA; included inside its namespace.

template <ReduceStep step> inline F mapped(F x) {
  if constexpr (step == ReduceStep::kSumOfAbsolute) {
    return from_bits(andi(bits(x), set1i(0x7fffffff)));
  } else if constexpr (step == ReduceStep::kSumOfSquares) {
    return x * x;
  } else {
    return x;
  }
}
// NaN of either wins.
template <ReduceStep step> inline F combined(F sum, F x) {
  if constexpr (step == ReduceStep::kProduct) {
    return sum * x;
  } else if constexpr (step == ReduceStep::kMin) {
    return select(is_nan(sum), sum, min2(sum, x));
  } else if constexpr (step == ReduceStep::kMax) {
    return select(is_nan(sum), sum, max2(sum, x));
  } else {
    return sum + x;
  }
}
template <ReduceStep step> constexpr float neutral() {
  return step == ReduceStep::kProduct ? 1.0f
         : step == ReduceStep::kMin   ? INFINITY
         : step == ReduceStep::kMax   ? -INFINITY
                                      : 0.0f;
}
template <ReduceStep step> inline float over_lanes(F x) {
  if constexpr (step <= ReduceStep::kSumOfSquares) return sum_lanes(x);
  alignas(64) float lanes[kLanes];
  store(lanes, x);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; ++i) {
      const float a = lanes[i], b = lanes[i + half];
      if (step == ReduceStep::kProduct) {
        lanes[i] = a * b;
      } else if (step == ReduceStep::kMin) {
        lanes[i] = a != a || a < b ? a : b;
      } else {
        lanes[i] = a != a || a > b ? a : b;
      }
    }
  }
  return lanes[0];
}

template <class T, ReduceStep step> void reduce_row(const ReduceArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  const F start = set1(neutral<step>());
  F s0 = start, s1 = start, s2 = start, s3 = start;
  int64_t i = 0;
  for (; i + 4 * kLanes <= args.size; i += 4 * kLanes) {
    s0 = combined<step>(s0, mapped<step>(get(x + i)));
    s1 = combined<step>(s1, mapped<step>(get(x + i + kLanes)));
    s2 = combined<step>(s2, mapped<step>(get(x + i + 2 * kLanes)));
    s3 = combined<step>(s3, mapped<step>(get(x + i + 3 * kLanes)));
  }
  for (; i + kLanes <= args.size; i += kLanes) s0 = combined<step>(s0, mapped<step>(get(x + i)));
  if (i < args.size) {
    s1 = combined<step>(s1, keep_first(mapped<step>(get_part(x + i, args.size - i)), args.size - i, start));
  }
  *args.y = over_lanes<step>(combined<step>(combined<step>(s0, s1), combined<step>(s2, s3)));
}

template <class T, ReduceStep step> void reduce_columns(const ReduceArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  const F start = set1(neutral<step>());
  int64_t c = 0;
  for (; c + 4 * kLanes <= args.columns; c += 4 * kLanes) {
    F s0 = start, s1 = start, s2 = start, s3 = start;
    const T* row = x + c;
    for (int64_t k = 0; k < args.size; ++k, row += args.inner) {
      s0 = combined<step>(s0, mapped<step>(get(row)));
      s1 = combined<step>(s1, mapped<step>(get(row + kLanes)));
      s2 = combined<step>(s2, mapped<step>(get(row + 2 * kLanes)));
      s3 = combined<step>(s3, mapped<step>(get(row + 3 * kLanes)));
    }
    store(args.y + c, s0);
    store(args.y + c + kLanes, s1);
    store(args.y + c + 2 * kLanes, s2);
    store(args.y + c + 3 * kLanes, s3);
  }
  for (; c + kLanes <= args.columns; c += kLanes) {
    F sum = start;
    const T* row = x + c;
    for (int64_t k = 0; k < args.size; ++k, row += args.inner) sum = combined<step>(sum, mapped<step>(get(row)));
    store(args.y + c, sum);
  }
  if (c < args.columns) {
    F sum = start;
    const T* row = x + c;
    for (int64_t k = 0; k < args.size; ++k, row += args.inner) {
      sum = combined<step>(sum, mapped<step>(get_part(row, args.columns - c)));
    }
    store_part(args.y + c, sum, args.columns - c);
  }
}

template <class T> void finish_results(ReduceFn fn, const float* x, void* y, int64_t results, double count) noexcept {
  T* out = static_cast<T*>(y);
  const F divisor = set1(static_cast<float>(count));
  for (int64_t i = 0; i < results; i += kLanes) {
    const int64_t n = results - i < kLanes ? results - i : kLanes;
    F value = get_part(x + i, n);
    if (fn == ReduceFn::kMean) value = value / divisor;
    if (fn == ReduceFn::kL2) value = sqrt(value);
    if (fn == ReduceFn::kLogSum) value = log(value);
    put_part(out + i, value, n);
  }
}

template <class T, ReduceStep step> ReduceFunction pick_shape(bool columns) {
  return columns ? reduce_columns<T, step> : reduce_row<T, step>;
}
template <class T> ReduceFunction pick_step(ReduceStep step, bool columns) {
  switch (step) {
    case ReduceStep::kSum: return pick_shape<T, ReduceStep::kSum>(columns);
    case ReduceStep::kSumOfAbsolute: return pick_shape<T, ReduceStep::kSumOfAbsolute>(columns);
    case ReduceStep::kSumOfSquares: return pick_shape<T, ReduceStep::kSumOfSquares>(columns);
    case ReduceStep::kProduct: return pick_shape<T, ReduceStep::kProduct>(columns);
    case ReduceStep::kMin: return pick_shape<T, ReduceStep::kMin>(columns);
    case ReduceStep::kMax: return pick_shape<T, ReduceStep::kMax>(columns);
  }
  return nullptr;
}
inline ReduceFunction find_reduce(ReduceStep step, DType dtype, bool columns) {
  switch (dtype) {
    case DType::kF32: return pick_step<float>(step, columns);
    case DType::kF16: return pick_step<Half>(step, columns);
    case DType::kBF16: return pick_step<Brain>(step, columns);
    default: return nullptr;
  }
}
inline FinishFunction find_finish(DType dtype) {
  switch (dtype) {
    case DType::kF32: return finish_results<float>;
    case DType::kF16: return finish_results<Half>;
    case DType::kBF16: return finish_results<Brain>;
    default: return nullptr;
  }
}
