// The functions of attention.h on one ISA; included inside its namespace, where put_weight(uint16_t*, F) rounds to
// bf16.

inline F with_softcap(F x, float cap) { return cap > 0 ? set1(cap) * tanh(x * set1(1.0f / cap)) : x; }

// Truth values as 0 or -inf.
inline F hidden_unless(F shown) { return select(to_mask(shown), set1(0.0f), set1(-INFINITY)); }

// The mask at key i for n <= kLanes keys.
inline F mask_at(const attention::ScoreRow& row, int64_t i, int64_t n) {
  if (row.added != nullptr) {
    if (row.same_for_keys) return set1(*row.added);
    return n == kLanes ? load(row.added + i) : load_part(row.added + i, n);
  }
  if (row.same_for_keys) return set1(*row.shown != 0 ? 0.0f : -INFINITY);
  if (n == kLanes) return hidden_unless(load_bool(row.shown + i));
  uint8_t whole[kLanes] = {};
  __builtin_memcpy(whole, row.shown + i, static_cast<size_t>(n));
  return hidden_unless(load_bool(whole));
}

// Scales, caps and masks the scores in place.
inline void finish_scores(const attention::ScoreRow& row) {
  const bool masked = row.added != nullptr || row.shown != nullptr;
  const F scale = set1(row.scale);
  for (int64_t i = 0; i < row.visible; i += kLanes) {
    const int64_t n = row.visible - i < kLanes ? row.visible - i : kLanes;
    F x = with_softcap((n == kLanes ? load(row.scores + i) : load_part(row.scores + i, n)) * scale, row.softcap);
    if (masked) x = x + mask_at(row, i, n);
    n == kLanes ? store(row.scores + i, x) : store_part(row.scores + i, x, n);
  }
}

inline float largest_score(const attention::ScoreRow& row, int64_t whole) {
  const F lowest = set1(-INFINITY);
  F m0 = lowest, m1 = lowest;
  int64_t i = 0;
  for (; i + 2 * kLanes <= whole; i += 2 * kLanes) {
    m0 = max2(m0, load(row.scores + i));
    m1 = max2(m1, load(row.scores + i + kLanes));
  }
  for (; i < whole; i += kLanes) m0 = max2(m0, load(row.scores + i));
  const int64_t rest = row.visible - whole;
  if (rest > 0) m1 = max2(m1, keep_first(load_part(row.scores + whole, rest), rest, lowest));
  return max_lanes(max2(m0, m1));
}

// The weight of a score in f32: e^(x - shift).
struct Weights {
  explicit Weights(const attention::ScoreRow& row) : row_(row) {}
  static constexpr bool kScales = false;
  // With nothing to see yet any finite shift will do; it leaves NaN a NaN.
  void shift_by(float largest) { shift_ = set1(largest == -INFINITY ? 0.0f : largest); }
  F weight(F x) const { return exp_weight(x - shift_); }
  void put(int64_t i, F x) const { store(row_.scores + i, x); }
  void put_part(int64_t i, F x, int64_t n) const { store_part(row_.scores + i, x, n); }
  void hide(int64_t i) const { row_.scores[i] = 0.0f; }

 private:
  const attention::ScoreRow& row_;
  F shift_ = set1(0.0f);
};

// 2^x for x <= 0 to 8e-5 of itself (a cubic, minimax on [-1/2, 1/2]); 0 below -125. NaN passes.
inline F coarse_exp2(F x) {
  const F lowest = set1(-125.0f), clamped = max2(lowest, x), n = round_even(clamped), f = clamped - n;
  const F p = fma(fma(fma(set1(0.05517167f), f, set1(0.24261112f)), f, set1(0.69326099f)), f, set1(0.99992807f));
  return select(lt(x, lowest), set1(0.0f), scale_by_power(p, n));
}

// The same to the accuracy of bf16, which it is rounded to. Scales by the way.
struct NarrowWeights {
  explicit NarrowWeights(const attention::ScoreRow& row) : row_(row), factor_(set1(row.scale * 1.44269504f)) {}
  static constexpr bool kScales = true;
  void shift_by(float largest) { shift_ = set1(largest == -INFINITY ? 0.0f : largest) * factor_; }
  F weight(F x) const { return coarse_exp2(fma(x, factor_, set1(0.0f) - shift_)); }
  void put(int64_t i, F x) const { put_weight(row_.narrow + i, x); }
  void put_part(int64_t i, F x, int64_t n) const {
    uint16_t whole[kLanes];
    put_weight(whole, x);
    __builtin_memcpy(row_.narrow + i, whole, static_cast<size_t>(n) * sizeof(uint16_t));
  }
  void hide(int64_t i) const { row_.narrow[i] = 0; }

 private:
  const attention::ScoreRow& row_;
  F factor_, shift_ = set1(0.0f);
};

template <class W> inline void add_weights(const attention::ScoreRow& given) noexcept {
  attention::ScoreRow row = given;
  const bool finished = row.added != nullptr || row.shown != nullptr || row.softcap != 0 || row.scale <= 0;
  if (finished || (!W::kScales && row.scale != 1)) {
    finish_scores(row);
    row.scale = 1;
  }
  const int64_t whole = row.visible / kLanes * kLanes, rest = row.visible - whole;
  const float found = largest_score(row, whole), before = *row.largest;
  const float largest = found > before ? found : before;
  W weights(row);
  weights.shift_by(largest);
  F s0 = set1(0.0f), s1 = s0;
  int64_t i = 0;
  for (; i + 2 * kLanes <= whole; i += 2 * kLanes) {
    const F a = weights.weight(load(row.scores + i)), b = weights.weight(load(row.scores + i + kLanes));
    weights.put(i, a);
    weights.put(i + kLanes, b);
    s0 = s0 + a;
    s1 = s1 + b;
  }
  for (; i < whole; i += kLanes) {
    const F a = weights.weight(load(row.scores + i));
    weights.put(i, a);
    s0 = s0 + a;
  }
  if (rest > 0) {
    const F a = keep_first(weights.weight(load_part(row.scores + whole, rest)), rest, set1(0.0f));
    weights.put_part(whole, a, rest);
    s1 = s1 + a;
  }
  for (i = row.visible; i < row.keys; ++i) weights.hide(i);
  const float sum = sum_lanes(s0 + s1);
  if (largest == before) {
    *row.sum += sum;
    return;
  }
  alignas(64) float factors[kLanes];
  const F factor = weights.weight(set1(before));
  store(factors, factor);
  *row.largest = largest;
  *row.sum = *row.sum * factors[0] + sum;
  for (i = 0; i < row.width; i += kLanes) store(row.result + i, load(row.result + i) * factor);
}

inline void add_exponentials(const attention::ScoreRow& row) noexcept { add_weights<Weights>(row); }
inline void add_narrow_exponentials(const attention::ScoreRow& row) noexcept { add_weights<NarrowWeights>(row); }

inline void divide_by_sum(const float* result, float sum, int64_t width, float* y) noexcept {
  const F factor = set1(1.0f / sum);
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) store(y + i, load(result + i) * factor);
  if (i < width) store_part(y + i, load_part(result + i, width - i) * factor, width - i);
}
inline void divide_narrow(const float* result, float sum, int64_t width, uint16_t* y) noexcept {
  const F factor = set1(1.0f / sum);
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) put_weight(y + i, load(result + i) * factor);
  if (i == width) return;
  uint16_t whole[kLanes];
  put_weight(whole, load_part(result + i, width - i) * factor);
  __builtin_memcpy(y + i, whole, static_cast<size_t>(width - i) * sizeof(uint16_t));
}
