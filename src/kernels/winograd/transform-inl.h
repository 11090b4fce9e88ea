// The transforms over the vector vocabulary of kernels/isa; included inside an ISA namespace.
//
// A transform is applied to lines of t values, first along one axis, then along the other; `to` may not be `from`.

template <int m> struct Lines;

template <> struct Lines<2> {
  static void input(const F* d, int step, F* to, int to_step) {
    to[0 * to_step] = d[0 * step] - d[2 * step];
    to[1 * to_step] = d[1 * step] + d[2 * step];
    to[2 * to_step] = d[2 * step] - d[1 * step];
    to[3 * to_step] = d[1 * step] - d[3 * step];
  }
  static void output(const F* s, int step, F* to, int to_step) {
    const F sum = s[1 * step] + s[2 * step], difference = s[1 * step] - s[2 * step];
    to[0 * to_step] = s[0 * step] + sum;
    to[1 * to_step] = difference - s[3 * step];
  }
};

template <> struct Lines<4> {
  static void input(const F* d, int step, F* to, int to_step) {
    const F d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const F four = set1(4), two = set1(2), five = set1(5);
    const F even = fnma(four, d2, d4), odd = fnma(four, d1, d3);  // d4 - 4 d2, d3 - 4 d1
    const F even2 = d4 - d2, odd2 = two * (d3 - d1);
    to[0 * to_step] = fma(four, d0, fnma(five, d2, d4));
    to[1 * to_step] = even + odd;
    to[2 * to_step] = even - odd;
    to[3 * to_step] = even2 + odd2;
    to[4 * to_step] = even2 - odd2;
    to[5 * to_step] = fma(four, d1, fnma(five, d3, d5));
  }
  static void output(const F* s, int step, F* to, int to_step) {
    const F s0 = s[0], s5 = s[5 * step];
    const F sum12 = s[step] + s[2 * step], difference12 = s[step] - s[2 * step];
    const F sum34 = s[3 * step] + s[4 * step], difference34 = s[3 * step] - s[4 * step];
    to[0 * to_step] = s0 + sum12 + sum34;
    to[1 * to_step] = fma(set1(2), difference34, difference12);
    to[2 * to_step] = fma(set1(4), sum34, sum12);
    to[3 * to_step] = fma(set1(8), difference34, difference12) + s5;
  }
};

inline F read(const float* p, int64_t rest) { return rest >= kLanes ? load(p) : load_part(p, rest); }
inline F read(const uint16_t* p, int64_t rest) { return rest >= kLanes ? load_brain(p) : load_brain_part(p, rest); }

// T: float, or uint16_t for bf16.
template <int m, typename T>
void transform_input(const T* const* pixels, int64_t channels, float* out, int64_t point_stride) noexcept {
  constexpr int t = m + 2;
  for (int64_t c = 0; c < channels; c += kLanes) {
    F d[t * t], lines[t * t];
    const int64_t rest = channels - c;
    for (int i = 0; i < t * t; ++i) d[i] = read(pixels[i] + c, rest);
#pragma GCC unroll 6
    for (int column = 0; column < t; ++column) Lines<m>::input(d + column, t, lines + column, t);
#pragma GCC unroll 6
    for (int row = 0; row < t; ++row) Lines<m>::input(lines + row * t, 1, d + row * t, 1);
    for (int i = 0; i < t * t; ++i) store(out + i * point_stride + c, d[i]);
  }
}

template <int m> void transform_output(const OutputArgs& args) noexcept {
  constexpr int t = m + 2;
  const F low = set1(args.low), high = set1(args.high);
  for (int64_t c = 0; c < args.columns; c += kLanes) {
    const int64_t rest = args.columns - c;
    F s[t * t], lines[m * t], y[m * m];
    for (int i = 0; i < t * t; ++i) s[i] = load(args.sums + i * args.point_stride + c);
#pragma GCC unroll 6
    for (int column = 0; column < t; ++column) Lines<m>::output(s + column, t, lines + column, t);
#pragma GCC unroll 6
    for (int row = 0; row < m; ++row) Lines<m>::output(lines + row * t, 1, y + row * m, 1);
    const F bias = args.bias != nullptr ? read(args.bias + c, rest) : set1(0);
    for (int i = 0; i < m * m; ++i) {
      if (args.pixels[i] == nullptr) continue;
      F x = y[i] + bias;
      if (args.addends != nullptr) x = x + read(args.addends[i] + c, rest);
      x = min2(high, max2(low, x));  // the second operand where one is NaN
      if (rest >= kLanes) {
        store(args.pixels[i] + c, x);
      } else {
        store_part(args.pixels[i] + c, x, rest);
      }
    }
  }
}
