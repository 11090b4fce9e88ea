// Finishing over the vector vocabulary and its functions, written once: include in an ISA namespace after
// pointwise/functions-inl.h, what vec_storage.h says of Brain, and put_pair(Brain*, F, F): two vectors of a row.

// Without an activation when !with_activation. Two vectors of a row together: lines of results are written whole.
template <bool with_activation, UnaryFn fn> class Finisher {
 public:
  explicit Finisher(const FinishArgs& args) : args_(args) {
    const TileFinish& how = args.finish;
    alpha_ = set1(how.alpha);
    low_ = set1(how.low);
    high_ = set1(how.high);
    scale_ = set1(args.scale);
    shift_ = set1(args.shift);
    const bool added = args.addend.at != nullptr || args.finish.addend != nullptr;
    added_last_ = added && args.addend_last;
    added_first_ = added && !args.addend_last;
  }
  void rows(int64_t first, int64_t end) const {
    int64_t column = 0;
    for (; column + 2 * kLanes <= args_.columns; column += 2 * kLanes) pairs_of_rows(first, end, column);
    for (; column + kLanes <= args_.columns; column += kLanes) column_of_rows<true>(first, end, column);
    if (column < args_.columns) column_of_rows<false>(first, end, column);
  }

 private:
  template <bool whole> static F floats(const float* at, int64_t rest) {
    return whole ? load(at) : load_part(at, rest);
  }
  template <bool whole> F bias(int64_t column) const {
    const float* at = args_.finish.bias;
    return at == nullptr ? set1(0) : floats<whole>(at + column, args_.columns - column);
  }
  int64_t result_row(int64_t r) const { return args_.row_map == nullptr ? r : args_.row_map[r]; }

  void pairs_of_rows(int64_t first, int64_t end, int64_t column) const {
    const F bias0 = bias<true>(column), bias1 = bias<true>(column + kLanes);
    for (int64_t r = first; r < end; ++r) {
      const int64_t to = result_row(r);
      if (to < 0) continue;
      const F x0 = value<true>(r, to, column, bias0), x1 = value<true>(r, to, column + kLanes, bias1);
      if (args_.narrow != nullptr) {
        put_pair(reinterpret_cast<Brain*>(args_.narrow + to * args_.c_stride + column), x0, x1);
      } else {
        float* at = wide_result(r, to, column);
        store(at, x0);
        store(at + kLanes, x1);
      }
    }
  }
  template <bool whole> void column_of_rows(int64_t first, int64_t end, int64_t column) const {
    const int64_t rest = args_.columns - column;
    const F added = bias<whole>(column);
    for (int64_t r = first; r < end; ++r) {
      const int64_t to = result_row(r);
      if (to < 0) continue;
      const F x = value<whole>(r, to, column, added);
      if (args_.narrow != nullptr) {
        auto* at = reinterpret_cast<Brain*>(args_.narrow + to * args_.c_stride + column);
        whole ? put(at, x) : put_part(at, x, rest);
      } else {
        float* at = wide_result(r, to, column);
        whole ? store(at, x) : store_part(at, x, rest);
      }
    }
  }
  float* wide_result(int64_t r, int64_t to, int64_t column) const {
    if (args_.wide != nullptr) return args_.wide + to * args_.c_stride + column;
    return args_.sums + r * args_.sums_stride + column;
  }
  template <bool whole> F addend(int64_t r, int64_t column) const {
    const int64_t rest = args_.columns - column;
    const float* wide = args_.finish.addend;
    if (wide != nullptr) return floats<whole>(wide + r * args_.finish.addend_stride + column, rest);
    const uint16_t* at = args_.addend.at + r * args_.addend.stride + column;
    if constexpr (whole) {
      return load_brain(at);
    } else {
      return load_brain_part(at, rest);
    }
  }
  template <bool whole>
  inline __attribute__((always_inline)) F value(int64_t r, int64_t to, int64_t column, F bias) const {
    const float* at = args_.sums + r * args_.sums_stride + column;
    F x = fma(floats<whole>(at, args_.columns - column), alpha_, bias);
    if (added_first_) x = x + addend<whole>(to, column);
    if constexpr (with_activation) {
      x = fma(activated(x), scale_, shift_);
      if (added_last_) x = x + addend<whole>(to, column);
    }
    return min2(high_, max2(low_, x));  // NaN passes
  }

  F activated(F x) const {
    if constexpr (fn == UnaryFn::kGelu) {
      if (args_.narrow != nullptr) return gelu_narrow(x);
    }
    return unary<fn>(x, args_.activation_alpha, args_.activation_beta);
  }

  const FinishArgs args_;
  F alpha_, low_, high_, scale_, shift_;
  bool added_first_ = false, added_last_ = false;
};

// What tiles on f32 leave: they add bias and first addend themselves.
inline bool is_in_place(const FinishArgs& args) {
  return args.narrow == nullptr && args.wide == nullptr && args.row_map == nullptr && args.addend.at == nullptr &&
         args.finish.bias == nullptr && args.finish.alpha == 1 && (args.finish.addend == nullptr || args.addend_last);
}

// `plain`: the activation as it is, neither scaled, shifted nor bounded.
template <UnaryFn fn, bool added, bool plain> struct InPlace {
  F scale, shift, low, high;
  float alpha, beta;

  explicit InPlace(const FinishArgs& args)
      : scale(set1(args.scale)),
        shift(set1(args.shift)),
        low(set1(args.finish.low)),
        high(set1(args.finish.high)),
        alpha(args.activation_alpha),
        beta(args.activation_beta) {}
  inline __attribute__((always_inline)) F of(F x, F addend) const {
    x = unary<fn>(x, alpha, beta);
    if constexpr (!plain) x = fma(x, scale, shift);
    if constexpr (added) x = x + addend;
    return plain ? x : min2(high, max2(low, x));  // NaN passes
  }
};
inline bool is_plain(const FinishArgs& args) {
  const TileFinish& how = args.finish;
  return args.scale == 1 && args.shift == 0 && how.low == -INFINITY && how.high == INFINITY;
}

template <UnaryFn fn, bool added, bool plain> void finish_in_place(const FinishArgs& args, int64_t first, int64_t end) {
  const InPlace<fn, added, plain> how(args);
  const int64_t columns = args.columns, stride = args.sums_stride;
  const int64_t addend_stride = added ? args.finish.addend_stride : 0;
  float* row = args.sums + first * stride;
  const float* addend = added ? args.finish.addend + first * addend_stride : nullptr;
  const auto add = [&](int64_t column) { return added ? load(addend + column) : set1(0); };
  for (int64_t r = first; r < end; ++r, row += stride, addend += addend_stride) {
    int64_t column = 0;
    for (; column + 2 * kLanes <= columns; column += 2 * kLanes) {
      const F y0 = how.of(load(row + column), add(column));
      const F y1 = how.of(load(row + column + kLanes), add(column + kLanes));
      store(row + column, y0);
      store(row + column + kLanes, y1);
    }
    if (column + kLanes <= columns) {
      store(row + column, how.of(load(row + column), add(column)));
      column += kLanes;
    }
    if (column == columns) continue;
    const int64_t rest = columns - column;
    const F last = added ? load_part(addend + column, rest) : set1(0);
    store_part(row + column, how.of(load_part(row + column, rest), last), rest);
  }
}

template <UnaryFn fn> void finish_in_place(const FinishArgs& args, int64_t first, int64_t end) {
  const bool plain = is_plain(args);
  if (args.finish.addend != nullptr) {
    plain ? finish_in_place<fn, true, true>(args, first, end) : finish_in_place<fn, true, false>(args, first, end);
  } else {
    plain ? finish_in_place<fn, false, true>(args, first, end) : finish_in_place<fn, false, false>(args, first, end);
  }
}

// What most results of bf16 take: every row, and nothing added but the bias and what is bf16 before the activation.
inline bool is_narrow(const FinishArgs& args) {
  return args.narrow != nullptr && args.row_map == nullptr && args.finish.addend == nullptr &&
         (args.addend.at == nullptr || !args.addend_last);
}

// Copies of the arguments: stores of results might change those in memory, for all that a compiler knows.
template <bool with_activation, UnaryFn fn, bool added> struct Narrow {
  F alpha, scale, shift, low, high;
  float activation_alpha, activation_beta;

  explicit Narrow(const FinishArgs& args)
      : alpha(set1(args.finish.alpha)),
        scale(set1(args.scale)),
        shift(set1(args.shift)),
        low(set1(args.finish.low)),
        high(set1(args.finish.high)),
        activation_alpha(args.activation_alpha),
        activation_beta(args.activation_beta) {}
  inline __attribute__((always_inline)) F of(F sum, F bias, F addend) const {
    F x = fma(sum, alpha, bias);
    if constexpr (added) x = x + addend;
    if constexpr (with_activation) x = fma(unary<fn>(x, activation_alpha, activation_beta), scale, shift);
    return min2(high, max2(low, x));  // NaN passes
  }
};

template <bool with_activation, UnaryFn fn, bool added>
void finish_narrow(const FinishArgs& args, int64_t first, int64_t end) {
  const Narrow<with_activation, fn, added> how(args);
  const int64_t rows = end - first, columns = args.columns, stride = args.sums_stride, c_stride = args.c_stride;
  const float *sums = args.sums + first * stride, *biases = args.finish.bias;
  const int64_t addend_stride = added ? args.addend.stride : 0;
  const uint16_t* addends = added ? args.addend.at + first * addend_stride : nullptr;
  auto* to = reinterpret_cast<Brain*>(args.narrow) + first * c_stride;
  int64_t column = 0;
  // Two vectors of a row are a line of results: lines of rows that are a page apart push each other out of L1.
  for (; column + 2 * kLanes <= columns; column += 2 * kLanes, sums += 2 * kLanes, to += 2 * kLanes) {
    const F bias0 = biases != nullptr ? load(biases + column) : set1(0);
    const F bias1 = biases != nullptr ? load(biases + column + kLanes) : set1(0);
    for (int64_t r = 0; r < rows; ++r) {
      const uint16_t* at = added ? addends + r * addend_stride + column : nullptr;
      const F addend0 = added ? load_brain(at) : set1(0), addend1 = added ? load_brain(at + kLanes) : set1(0);
      const F x0 = how.of(load(sums + r * stride), bias0, addend0);
      put_pair(to + r * c_stride, x0, how.of(load(sums + r * stride + kLanes), bias1, addend1));
    }
  }
  for (; column + kLanes <= columns; column += kLanes, sums += kLanes, to += kLanes) {
    const F bias = biases != nullptr ? load(biases + column) : set1(0);
    for (int64_t r = 0; r < rows; ++r) {
      const F addend = added ? load_brain(addends + r * addend_stride + column) : set1(0);
      put(to + r * c_stride, how.of(load(sums + r * stride), bias, addend));
    }
  }
  if (column == columns) return;
  const int64_t rest = columns - column;
  const F bias = biases != nullptr ? load_part(biases + column, rest) : set1(0);
  for (int64_t r = 0; r < rows; ++r) {
    const F addend = added ? load_brain_part(addends + r * addend_stride + column, rest) : set1(0);
    put_part(to + r * c_stride, how.of(load_part(sums + r * stride, rest), bias, addend), rest);
  }
}

template <bool with_activation, UnaryFn fn> void finish(const FinishArgs& args, int64_t first, int64_t end) noexcept {
  if (is_narrow(args)) {
    args.addend.at != nullptr ? finish_narrow<with_activation, fn, true>(args, first, end)
                              : finish_narrow<with_activation, fn, false>(args, first, end);
    return;
  }
  if constexpr (with_activation) {
    if (is_in_place(args)) return finish_in_place<fn>(args, first, end);
  }
  Finisher<with_activation, fn>(args).rows(first, end);
}

// The activations of trained models.
inline FinishFn finisher(const Unary* activation) noexcept {
  if (activation == nullptr) return finish<false, UnaryFn::kAbs>;
  switch (activation->fn) {
    case UnaryFn::kHardSwish: return finish<true, UnaryFn::kHardSwish>;
    case UnaryFn::kHardSigmoid: return finish<true, UnaryFn::kHardSigmoid>;
    case UnaryFn::kSilu: return finish<true, UnaryFn::kSilu>;
    case UnaryFn::kSigmoid: return finish<true, UnaryFn::kSigmoid>;
    case UnaryFn::kTanh: return finish<true, UnaryFn::kTanh>;
    case UnaryFn::kGelu: return finish<true, UnaryFn::kGelu>;
    case UnaryFn::kGeluTanh: return finish<true, UnaryFn::kGeluTanh>;
    case UnaryFn::kLeakyRelu: return finish<true, UnaryFn::kLeakyRelu>;
    case UnaryFn::kElu: return finish<true, UnaryFn::kElu>;
    case UnaryFn::kMish: return finish<true, UnaryFn::kMish>;
    default: return nullptr;
  }
}
