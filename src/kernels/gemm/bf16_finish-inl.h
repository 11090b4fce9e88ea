// Finishing over the vector vocabulary and its functions, written once: include in an ISA namespace after
// pointwise/functions-inl.h and what vec_storage.h says of Brain.

// Without an activation when !with_activation.
template <bool with_activation, UnaryFn fn> class Finisher {
 public:
  explicit Finisher(const Bf16FinishArgs& args) : args_(args) {
    const TileFinish& how = args.finish;
    alpha_ = set1(how.alpha);
    low_ = set1(how.low);
    high_ = set1(how.high);
    scale_ = set1(args.scale);
    shift_ = set1(args.shift);
  }
  void rows(int64_t first, int64_t end) const {
    int64_t column = 0;
    for (; column + kLanes <= args_.columns; column += kLanes) column_of_rows<true>(first, end, column);
    if (column < args_.columns) column_of_rows<false>(first, end, column);
  }

 private:
  template <bool whole> void column_of_rows(int64_t first, int64_t end, int64_t column) const {
    const int64_t rest = args_.columns - column;
    const float* at = args_.finish.bias;
    F bias = set1(0);
    if (at != nullptr) bias = whole ? load(at + column) : load_part(at + column, rest);
    for (int64_t r = first; r < end; ++r) {
      const int64_t to = args_.row_map == nullptr ? r : args_.row_map[r];
      if (to >= 0) row<whole>(r, to, column, rest, bias);
    }
  }
  template <bool whole> F addend(int64_t r, int64_t column, int64_t rest) const {
    const uint16_t* at = args_.addend.at + r * args_.addend.stride + column;
    if constexpr (whole) {
      return load_brain(at);
    } else {
      return load_brain_part(at, rest);
    }
  }
  template <bool whole> void row(int64_t r, int64_t result_row, int64_t column, int64_t rest, F bias) const {
    const bool added = args_.addend.at != nullptr, added_last = added && args_.addend_last;
    float* at = args_.sums + r * args_.sums_stride + column;
    F x = fma(load(at), alpha_, bias);
    if (added && !added_last) x = x + addend<whole>(result_row, column, rest);
    if constexpr (with_activation) {
      x = fma(unary<fn>(x, args_.activation_alpha, args_.activation_beta), scale_, shift_);
      if (added_last) x = x + addend<whole>(result_row, column, rest);
    }
    x = min2(high_, max2(low_, x));  // NaN passes
    if (args_.narrow != nullptr) {
      auto* to = reinterpret_cast<Brain*>(args_.narrow + result_row * args_.c_stride + column);
      whole ? put(to, x) : put_part(to, x, rest);
    } else if (args_.wide != nullptr) {
      float* to = args_.wide + result_row * args_.c_stride + column;
      whole ? store(to, x) : store_part(to, x, rest);
    } else {
      store(at, x);
    }
  }

  const Bf16FinishArgs& args_;
  F alpha_, low_, high_, scale_, shift_;
};

template <bool with_activation, UnaryFn fn>
void finish(const Bf16FinishArgs& args, int64_t first, int64_t end) noexcept {
  Finisher<with_activation, fn>(args).rows(first, end);
}

// The activations of trained models.
inline Bf16FinishFn finisher(const Unary* activation) noexcept {
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
