// Elementary functions on vectors, in terms of the vocabulary: include after vec_avx2.h or vec_avx512.h, in the same
// namespace. Errors in units in the last place of a correctly rounded f32 result, over every f32 argument (subnormal
// results included, measured by vec_math_test.cc): exp, exp2, log, log1p, expm1, tanh, sigmoid, erf 4; sin, cos 4 for
// |x| <= kTrigLimit. Infinities and NaN give what the C library gives. Coefficients: minimax fits, rounded to f32.

// p[0] + x * (p[1] + x * (...)).
template <size_t n> inline F horner(F x, const float (&p)[n]) {
  F sum = set1(p[n - 1]);
#pragma GCC unroll 16
  for (size_t i = 1; i < n; ++i) sum = fma(sum, x, set1(p[n - 1 - i]));
  return sum;
}
inline F absolute(F x) { return bit_and(x, from_bits(set1i(0x7fffffff))); }
inline F sign_bit(F x) { return bit_and(x, from_bits(set1i(static_cast<int32_t>(0x80000000)))); }

// 2^x for finite x of any size; NaN stays NaN.
inline F exp2(F x) {
  static constexpr float kP[] = {0.693147182f,   0.240226477f,   0.0555035956f,
                                 0.00961849932f, 0.00133909693f, 0.00015329264f};
  x = max2(set1(-200.0f), min2(set1(200.0f), x));
  const F n = round_even(x);
  const F f = x - n;
  return scale_by_power(fma(f, horner(f, kP), set1(1.0f)), n);
}

// e^x - 1 - r and its parts: e^x = 2^n * (1 + r + r^2 p), |r| <= ln(2)/2.
struct ExpParts {
  F n, r, p;
};
inline ExpParts exp_parts(F x) {
  static constexpr float kP[] = {0.49999994f, 0.166665211f, 0.0416682623f, 0.00836867467f, 0.00138210575f};
  const F n = round_even(x * set1(1.44269504f));
  const F r = fnma(n, set1(-2.12194440e-4f), fnma(n, set1(0.693359375f), x));
  return {n, r, horner(r, kP)};
}
inline F exp(F x) {
  x = max2(set1(-110.0f), min2(set1(100.0f), x));
  const ExpParts e = exp_parts(x);
  return scale_by_power(fma(e.r * e.r, e.p, e.r) + set1(1.0f), e.n);
}
inline F expm1(F x) {
  const F clamped = max2(set1(-30.0f), min2(set1(100.0f), x));
  const ExpParts e = exp_parts(clamped);
  // 2^(n-1) twice, since 2^128 is no float.
  const F power = scale_by_power(set1(0.5f), e.n);
  const F tail = fma(e.r * e.r, e.p, e.r);
  const F result = fma(power, tail, power - set1(0.5f));
  return select(eq(x, set1(0.0f)), x, result + result);
}

// log(1 + f) - f for f in [sqrt(1/2) - 1, sqrt(2) - 1].
inline F log_tail(F f) {
  static constexpr float kP[] = {0.333333135f,  -0.250000089f, 0.200020716f,  -0.166679904f, 0.142203629f,
                                 -0.124062084f, 0.118834712f,  -0.116701826f, 0.0674953908f};
  const F square = f * f;
  return fma(square * f, horner(f, kP), set1(-0.5f) * square);
}
// Normal positive x = (1 + f) * 2^e.
struct LogParts {
  F e, f;
};
inline LogParts log_parts(F x) {
  const I shifted = subi(bits(x), set1i(0x3f3504f3));  // bits of sqrt(1/2)
  const I e = shift_right<23>(shifted);
  const F m = from_bits(subi(bits(x), shift_left<23>(e)));
  return {to_float(e), m - set1(1.0f)};
}
inline F log(F x) {
  const M tiny = lt(x, set1(1.17549435e-38f));
  const LogParts parts = log_parts(select(tiny, x * set1(8388608.0f), x));
  const F e = parts.e - select(tiny, set1(23.0f), set1(0.0f));
  F y = fma(e, set1(-2.12194440e-4f), log_tail(parts.f));
  y = fma(e, set1(0.693359375f), parts.f + y);
  y = select(lt(x, set1(INFINITY)), y, x);  // inf and NaN
  y = select(lt(x, set1(0.0f)), set1(NAN), y);
  return select(eq(x, set1(0.0f)), set1(-INFINITY), y);
}
// log(1 + x).
inline F log1p(F x) {
  const F u = x + set1(1.0f);
  // What rounding lost of 1 + x: the smaller addend shows it.
  const F lost = select(lt(x, set1(1.0f)), x - (u - set1(1.0f)), set1(1.0f) - (u - x));
  const LogParts parts = log_parts(u);
  const F scaled = scale_by_power(lost, set1(0.0f) - parts.e);
  const F f = parts.f;
  // log(m + s) = log(m) + s / m.
  F y = fma(parts.e, set1(-2.12194440e-4f), log_tail(f)) + scaled / (f + set1(1.0f));
  y = fma(parts.e, set1(0.693359375f), f + y);
  y = select(lt(u, set1(INFINITY)), y, x);
  y = select(lt(x, set1(-1.0f)), set1(NAN), y);
  y = select(eq(x, set1(-1.0f)), set1(-INFINITY), y);
  return select(eq(u, set1(1.0f)), x, y);
}

inline F tanh(F x) {
  static constexpr float kP[] = {-0.333332837f, 0.133314848f, -0.0537430048f, 0.0206491034f, -0.00571549917f};
  const F a = absolute(x);
  const F s = x * x;
  const F small = fma(x * s, horner(s, kP), x);
  const F clamped = min2(set1(10.0f), a);
  const F large = set1(1.0f) - set1(2.0f) * reciprocal(exp(clamped + clamped) + set1(1.0f));
  const F y = select(lt(a, set1(0.625f)), small, bit_or(large, sign_bit(x)));
  return select(is_nan(x), x, y);
}
// 1 / (1 + e^-x), both scaled by 2^-24: then the power of two is a normal number from where the result is 1 to where it
// is 0.
inline F sigmoid(F x) {
  const F scale = set1(0x1p-24f);
  const ExpParts e = exp_parts(max2(set1(-70.0f), min2(set1(104.5f), set1(0.0f) - x)));
  const F power = whole_power(e.n - set1(24.0f));
  return scale * reciprocal(fma(power, fma(e.r * e.r, e.p, e.r), power + scale));
}
// The same for |x| <= 87 with fewer instructions.
inline F near_sigmoid(F x) {
  static constexpr float kP[] = {1.0f, 0.693147004f, 0.240222409f, 0.0555073507f, 0.00967161916f, 0.00132645911f};
  const F n = round_even(x * set1(-1.44269502f));
  const F f = fnma(x, set1(1.92596303e-8f), fnma(x, set1(1.44269502f), set1(0.0f) - n));
  return reciprocal(fma(horner(f, kP), whole_power(n), set1(1.0f)));
}
// x * sigmoid(x); -1e-36 below -87.
inline F silu(F x) {
  const F low = max2(set1(-87.0f), x);  // NaN stays
  return low * near_sigmoid(min2(set1(87.0f), low));
}
inline F erf(F x) {
  static constexpr float kSmall[] = {0.128379151f,   -0.376125067f,  0.112819761f,
                                     -0.0267730448f, 0.00500345277f, -0.000604735164f};
  // log2(1 - erf(a)) for a in [0.85, 4].
  static constexpr float kLarge[] = {-0.000150784064f, -1.62744808f,    -0.918302596f,  -0.15079914f,
                                     0.0324881673f,    -0.00449811853f, 0.000293843303f};
  const F a = absolute(x);
  const F s = x * x;
  const F small = fma(x, horner(s, kSmall), x);
  const F large = set1(1.0f) - exp2(horner(min2(set1(4.0f), a), kLarge));
  const F y = select(lt(a, set1(0.875f)), small, bit_or(large, sign_bit(x)));
  return select(is_nan(x), x, y);
}
// x * P(normal variable <= x) = max(x, 0) - |x| * P(normal variable <= -|x|): no cancellation for negative x. The
// fit of log2 P covers |x| <= 5.5 and falls off steeply beyond, where the result is below 1e-7.
inline F gelu(F x) {
  static constexpr float kP[] = {-0.99999994f,     -1.15110779f,     -0.459192038f,    -0.0525256544f,
                                 0.00706703775f,   -9.44316271e-05f, -0.000236032589f, 6.43455787e-05f,
                                 -8.98577127e-06f, 6.83114195e-07f,  -2.23315766e-08f};
  const F a = min2(set1(14.0f), absolute(x));
  const F positive = max2(set1(0.0f), x);  // NaN stays
  return fnma(a, exp2(horner(a, kP)), positive);
}

// The same to 4e-4 of its value, for results of bf16: a sixth of what their rounding loses.
inline F gelu_narrow(F x) {
  static constexpr float kP[] = {-1.00035906f,   -1.14626086f,   -0.469681114f,
                                 -0.0445989557f, 0.00486975629f, -0.000233249739f};
  static constexpr float kPower[] = {0.999928057f, 0.693260968f, 0.24261117f, 0.0551716313f};  // 2^f, |f| <= 0.5
  const F a = min2(set1(12.0f), absolute(x));
  const F log2 = horner(a, kP), n = round_even(log2);
  return fnma(a, scale_by_power(horner(log2 - n, kPower), n), max2(set1(0.0f), x));  // NaN stays
}

// Beyond this the reduction of the argument loses too much: callers use the C library.
inline constexpr float kTrigLimit = 30000.0f;
inline F sin_or_cos(F x, int32_t quadrant_shift) {
  static constexpr float kSin[] = {-0.166666672f, 0.00833338033f, -0.000198534763f, 2.83680288e-06f};
  static constexpr float kCos[] = {0.0416666679f, -0.00138889812f, 2.48224642e-05f, -2.89217837e-07f};
  const F n = round_even(x * set1(0.636619772f));
  F r = fnma(n, set1(1.57079637e+00f), x);  // pi/2 in three parts
  r = fnma(n, set1(-4.37113883e-08f), r);
  r = fnma(n, set1(-1.71512489e-15f), r);
  const F s = r * r;
  const F sine = fma(r * s, horner(s, kSin), r);
  const F cosine = fma(s * s, horner(s, kCos), fnma(set1(0.5f), s, set1(1.0f)));
  const I quadrant = addi(to_int(n), set1i(quadrant_shift));
  const F value = select(eqi(andi(quadrant, set1i(1)), set1i(0)), sine, cosine);
  return bit_xor(value, from_bits(shift_left<30>(andi(quadrant, set1i(2)))));
}
