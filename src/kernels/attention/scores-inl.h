// The functions of attention.h on one ISA; included inside its namespace.

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

// Caps and masks the scores in place.
inline void finish_scores(const attention::ScoreRow& row) {
  const bool masked = row.added != nullptr || row.shown != nullptr;
  if (!masked && row.softcap == 0) return;
  for (int64_t i = 0; i < row.visible; i += kLanes) {
    const int64_t n = row.visible - i < kLanes ? row.visible - i : kLanes;
    F x = with_softcap(n == kLanes ? load(row.scores + i) : load_part(row.scores + i, n), row.softcap);
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

inline void add_exponentials(const attention::ScoreRow& row) noexcept {
  finish_scores(row);
  const int64_t whole = row.visible / kLanes * kLanes, rest = row.visible - whole;
  const float found = largest_score(row, whole), before = *row.largest;
  const float largest = found > before ? found : before;
  // With nothing to see yet any finite shift will do; it leaves NaN a NaN.
  const F shift = set1(largest == -INFINITY ? 0.0f : largest);
  F s0 = set1(0.0f), s1 = s0;
  int64_t i = 0;
  for (; i + 2 * kLanes <= whole; i += 2 * kLanes) {
    const F a = exp_weight(load(row.scores + i) - shift), b = exp_weight(load(row.scores + i + kLanes) - shift);
    store(row.scores + i, a);
    store(row.scores + i + kLanes, b);
    s0 = s0 + a;
    s1 = s1 + b;
  }
  for (; i < whole; i += kLanes) {
    const F a = exp_weight(load(row.scores + i) - shift);
    store(row.scores + i, a);
    s0 = s0 + a;
  }
  if (rest > 0) {
    const F a = keep_first(exp_weight(load_part(row.scores + whole, rest) - shift), rest, set1(0.0f));
    store_part(row.scores + whole, a, rest);
    s1 = s1 + a;
  }
  for (i = row.visible; i < row.keys; ++i) row.scores[i] = 0.0f;
  const float sum = sum_lanes(s0 + s1);
  if (largest == before) {
    *row.sum += sum;
    return;
  }
  alignas(64) float factors[kLanes];
  const F factor = exp_weight(set1(before) - shift);
  store(factors, factor);
  *row.largest = largest;
  *row.sum = *row.sum * factors[0] + sum;
  for (i = 0; i < row.width; i += kLanes) store(row.result + i, load(row.result + i) * factor);
}

inline void divide_by_sum(const float* result, float sum, int64_t width, float* y) noexcept {
  const F factor = set1(1.0f / sum);
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) store(y + i, load(result + i) * factor);
  if (i < width) store_part(y + i, load_part(result + i, width - i) * factor, width - i);
}
