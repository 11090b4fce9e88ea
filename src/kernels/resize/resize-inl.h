// The functions of resize.h on one ISA; included inside its namespace. From, To: the elements of x and y.

// One row of `inner` elements, a vector at a time.
template <class From, class To> inline void resize_row(const ResizePass& pass, const From* x, To* y, int64_t position) {
  const int64_t positions = pass.positions;
  for (int64_t c = 0; c < pass.inner; c += kLanes) {
    const int64_t rest = pass.inner - c;
    F sum = set1(0);
    for (int64_t tap = 0; tap < pass.taps; ++tap) {
      const int64_t at = tap * positions + position;
      const From* from = x + pass.index[at] + c;
      const F value = rest >= kLanes ? get(from) : get_part(from, rest);
      sum = fma(set1(pass.weight[at]), value, sum);
    }
    rest >= kLanes ? put(y + c, sum) : put_part(y + c, sum, rest);
  }
}

// All positions of one line, gathered.
template <class From, class To> inline void resize_line(const ResizePass& pass, const From* x, To* y) {
  const int64_t positions = pass.positions;
  for (int64_t p = 0; p < positions; p += kLanes) {
    const int64_t count = positions - p < kLanes ? positions - p : kLanes;
    F sum = set1(0);
    for (int64_t tap = 0; tap < pass.taps; ++tap) {
      const int64_t at = tap * positions + p;
      From values[kLanes] = {};
      for (int64_t i = 0; i < count; ++i) values[i] = x[pass.index[at + i]];
      const float* weights = pass.weight + at;
      sum = fma(count == kLanes ? load(weights) : get_part(weights, count), get(values), sum);
    }
    count == kLanes ? put(y + p, sum) : put_part(y + p, sum, count);
  }
}

template <class From, class To>
void resize_units(const ResizePass& pass, const void* x, void* y, int64_t first, int64_t last) noexcept {
  const auto* from = static_cast<const From*>(x);
  auto* to = static_cast<To*>(y);
  const int64_t line = pass.size * pass.inner;
  for (int64_t unit = first; unit < last; ++unit) {
    if (pass.narrow) {
      resize_line(pass, from + unit * line, to + unit * pass.output * pass.inner);
    } else {
      resize_row(pass, from + unit / pass.output * line, to + unit * pass.inner, unit % pass.output);
    }
  }
}

template <class T> constexpr ResizeFunctions resize_of() {
  return {resize_units<T, T>, resize_units<T, float>, resize_units<float, float>, resize_units<float, T>};
}
inline ResizeFunctions find_resize(DType dtype) {
  switch (dtype) {
    case DType::kF32: return resize_of<float>();
    case DType::kF16: return resize_of<Half>();
    case DType::kBF16: return resize_of<Brain>();
    default: return {};
  }
}
