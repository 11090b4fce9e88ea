// The functions of softmax.h on one ISA; included inside its namespace.

// Exponentials are kept in y between the passes where y holds floats, else computed twice: 16 bits would lose too much.
template <class T> inline constexpr bool kKeepsExponentials = std::is_same_v<T, float>;

template <class T> void softmax_row(const T* x, T* y, int64_t size, bool take_log) {
  const bool keep = kKeepsExponentials<T> && !take_log;
  const int64_t whole = size / kLanes * kLanes, rest = size - whole;
  const F lowest = set1(-INFINITY);
  F m0 = lowest, m1 = lowest, m2 = lowest, m3 = lowest;
  int64_t i = 0;
  for (; i + 4 * kLanes <= whole; i += 4 * kLanes) {
    m0 = max2(m0, get(x + i));
    m1 = max2(m1, get(x + i + kLanes));
    m2 = max2(m2, get(x + i + 2 * kLanes));
    m3 = max2(m3, get(x + i + 3 * kLanes));
  }
  for (; i < whole; i += kLanes) m0 = max2(m0, get(x + i));
  if (rest > 0) m1 = max2(m1, keep_first(get_part(x + whole, rest), rest, lowest));
  // A NaN that the maxima lose makes the sum NaN.
  const F largest = set1(max_lanes(max2(max2(m0, m1), max2(m2, m3))));

  F s0 = set1(0.0f), s1 = s0;
  i = 0;
  for (; i + 2 * kLanes <= whole; i += 2 * kLanes) {
    const F a = get(x + i) - largest, b = get(x + i + kLanes) - largest;
    const F ea = exp_weight(a), eb = exp_weight(b);
    s0 = s0 + ea;
    s1 = s1 + eb;
    if (keep) {
      put(y + i, ea);
      put(y + i + kLanes, eb);
    }
  }
  for (; i < whole; i += kLanes) {
    const F e = exp_weight(get(x + i) - largest);
    s0 = s0 + e;
    if (keep) put(y + i, e);
  }
  if (rest > 0) {
    const F e = keep_first(exp_weight(get_part(x + whole, rest) - largest), rest, set1(0.0f));
    s1 = s1 + e;
    if (keep) put_part(y + whole, e, rest);
  }
  const float sum = sum_lanes(s0 + s1);
  if (take_log) {
    const F log_sum = log(set1(sum));
    for (i = 0; i < whole; i += kLanes) put(y + i, (get(x + i) - largest) - log_sum);
    if (rest > 0) put_part(y + whole, (get_part(x + whole, rest) - largest) - log_sum, rest);
    return;
  }
  const F scale = set1(1.0f / sum);
  if constexpr (kKeepsExponentials<T>) {
    for (i = 0; i < whole; i += kLanes) put(y + i, get(y + i) * scale);
    if (rest > 0) put_part(y + whole, get_part(y + whole, rest) * scale, rest);
  } else {
    for (i = 0; i < whole; i += kLanes) put(y + i, exp_weight(get(x + i) - largest) * scale);
    if (rest > 0) put_part(y + whole, exp_weight(get_part(x + whole, rest) - largest) * scale, rest);
  }
}

template <class T> void softmax_rows(const SoftmaxArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  for (int64_t r = 0; r < args.rows; ++r) softmax_row(x + r * args.size, y + r * args.size, args.size, args.log);
}

// One vector of columns, or its first n.
template <class T> void softmax_column_vector(const SoftmaxArgs& args, const T* x, T* y, int64_t n) {
  const auto read = [n](const T* p) { return n == kLanes ? get(p) : get_part(p, n); };
  const auto write = [n](T* p, F value) { n == kLanes ? put(p, value) : put_part(p, value, n); };
  F largest = set1(-INFINITY), sum = set1(0.0f);
  for (int64_t k = 0; k < args.size; ++k) largest = max2(largest, read(x + k * args.inner));
  for (int64_t k = 0; k < args.size; ++k) {
    const F e = exp_weight(read(x + k * args.inner) - largest);
    sum = sum + e;
    if (kKeepsExponentials<T> && !args.log) write(y + k * args.inner, e);
  }
  if (args.log) {
    const F log_sum = log(sum);
    for (int64_t k = 0; k < args.size; ++k) write(y + k * args.inner, (read(x + k * args.inner) - largest) - log_sum);
    return;
  }
  const F scale = set1(1.0f) / sum;
  for (int64_t k = 0; k < args.size; ++k) {
    const int64_t at = k * args.inner;
    write(y + at, (kKeepsExponentials<T> ? read(y + at) : exp_weight(read(x + at) - largest)) * scale);
  }
}

template <class T> void softmax_columns(const SoftmaxArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  for (int64_t c = 0; c < args.columns; c += kLanes) {
    softmax_column_vector(args, x + c, y + c, args.columns - c < kLanes ? args.columns - c : kLanes);
  }
}

template <class T> constexpr SoftmaxFunctions softmax_of() { return {softmax_rows<T>, softmax_columns<T>}; }
inline SoftmaxFunctions find_softmax(DType dtype) {
  switch (dtype) {
    case DType::kF32: return softmax_of<float>();
    case DType::kF16: return softmax_of<Half>();
    case DType::kBF16: return softmax_of<Brain>();
    default: return {nullptr, nullptr};
  }
}
