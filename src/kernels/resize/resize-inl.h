// The function of resize.h on one ISA; included inside its namespace.

// One row of `inner` elements, a vector at a time.
inline void resize_row(const ResizePass& pass, const float* x, float* y, int64_t position) {
  const int64_t positions = pass.positions;
  for (int64_t c = 0; c < pass.inner; c += kLanes) {
    const int64_t rest = pass.inner - c;
    F sum = set1(0);
    for (int64_t tap = 0; tap < pass.taps; ++tap) {
      const int64_t at = tap * positions + position;
      const float* from = x + pass.index[at] + c;
      const F value = rest >= kLanes ? load(from) : get_part(from, rest);
      sum = fma(set1(pass.weight[at]), value, sum);
    }
    rest >= kLanes ? store(y + c, sum) : put_part(y + c, sum, rest);
  }
}

// All positions of one line, gathered.
inline void resize_line(const ResizePass& pass, const float* x, float* y) {
  const int64_t positions = pass.positions;
  for (int64_t p = 0; p < positions; p += kLanes) {
    const int64_t count = positions - p < kLanes ? positions - p : kLanes;
    F sum = set1(0);
    for (int64_t tap = 0; tap < pass.taps; ++tap) {
      const int64_t at = tap * positions + p;
      float values[kLanes] = {};
      for (int64_t i = 0; i < count; ++i) values[i] = x[pass.index[at + i]];
      const float* weights = pass.weight + at;
      sum = fma(count == kLanes ? load(weights) : get_part(weights, count), load(values), sum);
    }
    count == kLanes ? store(y + p, sum) : put_part(y + p, sum, count);
  }
}

inline void resize_units(const ResizePass& pass, const float* x, float* y, int64_t first, int64_t last) noexcept {
  const int64_t line = pass.size * pass.inner;
  for (int64_t unit = first; unit < last; ++unit) {
    if (pass.narrow) {
      resize_line(pass, x + unit * line, y + unit * pass.output * pass.inner);
    } else {
      resize_row(pass, x + unit / pass.output * line, y + unit * pass.inner, unit % pass.output);
    }
  }
}
