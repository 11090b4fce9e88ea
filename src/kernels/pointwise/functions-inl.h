// The functions of Unary and Binary on one vector. Included inside an ISA namespace after isa/vec_math.h.

// Lane by lane through the C library: for functions too rare for vector code.
template <float (*fn)(float)> inline F by_lane(F x) {
  alignas(64) float lanes[kLanes];
  store(lanes, x);
  for (int64_t i = 0; i < kLanes; ++i) lanes[i] = fn(lanes[i]);
  return load(lanes);
}
template <float (*fn)(float, float)> inline F by_lane(F a, F b) {
  alignas(64) float x[kLanes], y[kLanes];
  store(x, a);
  store(y, b);
  for (int64_t i = 0; i < kLanes; ++i) x[i] = fn(x[i], y[i]);
  return load(x);
}

template <float (*library)(float), int quadrant_shift> inline F sin_or_cos(F x) {
  const M near = lt(absolute(x), set1(kTrigLimit));
  const F y = sin_or_cos(x, quadrant_shift);
  return all(near) ? y : select(near, y, by_lane<library>(x));
}
// Minus infinity made finite, so that its product with 0 is 0.
inline F finite_below(F x) { return max2(set1(-3.4e38f), x); }
inline F softplus(F x) {
  const F rest = log1p(exp(bit_or(x, from_bits(set1i(static_cast<int32_t>(0x80000000))))));
  return max2(set1(0.0f), x) + rest;
}
// x * tanh(log(1 + e^x)) = x * (e^2 + 2e) / (e^2 + 2e + 2).
inline F mish(F x) {
  const F e = exp(min2(set1(20.0f), x));
  const F n = e * (e + set1(2.0f));
  return finite_below(x) * (n * reciprocal(n + set1(2.0f)));
}
inline F gelu_tanh(F x) {
  const F u = x * fma(x * x, set1(2 * 0.7978845608f * 0.044715f), set1(2 * 0.7978845608f));
  return x * sigmoid(u);
}

template <UnaryFn fn> inline F unary(F x, float alpha, float beta) {
  const F zero = set1(0.0f), one = set1(1.0f);
  if constexpr (fn == UnaryFn::kAbs) {
    return absolute(x);
  } else if constexpr (fn == UnaryFn::kAcos) {
    return by_lane<acosf>(x);
  } else if constexpr (fn == UnaryFn::kAcosh) {
    return by_lane<acoshf>(x);
  } else if constexpr (fn == UnaryFn::kAsin) {
    return by_lane<asinf>(x);
  } else if constexpr (fn == UnaryFn::kAsinh) {
    return by_lane<asinhf>(x);
  } else if constexpr (fn == UnaryFn::kAtan) {
    return by_lane<atanf>(x);
  } else if constexpr (fn == UnaryFn::kAtanh) {
    return by_lane<atanhf>(x);
  } else if constexpr (fn == UnaryFn::kCeil) {
    return ceil(x);
  } else if constexpr (fn == UnaryFn::kCos) {
    return sin_or_cos<cosf, 1>(x);
  } else if constexpr (fn == UnaryFn::kCosh) {
    return by_lane<coshf>(x);
  } else if constexpr (fn == UnaryFn::kErf) {
    return erf(x);
  } else if constexpr (fn == UnaryFn::kExp) {
    return exp(x);
  } else if constexpr (fn == UnaryFn::kFloor) {
    return floor(x);
  } else if constexpr (fn == UnaryFn::kNeg) {
    return bit_xor(x, from_bits(set1i(static_cast<int32_t>(0x80000000))));
  } else if constexpr (fn == UnaryFn::kNot || fn == UnaryFn::kBitwiseNot) {  // lanes
    return bit_xor(x, from_bits(set1i(-1)));
  } else if constexpr (fn == UnaryFn::kReciprocal) {
    return one / x;
  } else if constexpr (fn == UnaryFn::kRound) {
    return round_even(x);
  } else if constexpr (fn == UnaryFn::kSign) {
    return select(lt(zero, x), one, select(lt(x, zero), set1(-1.0f), select(is_nan(x), x, zero)));
  } else if constexpr (fn == UnaryFn::kSin) {
    return sin_or_cos<sinf, 0>(x);
  } else if constexpr (fn == UnaryFn::kSinh) {
    return by_lane<sinhf>(x);
  } else if constexpr (fn == UnaryFn::kSqrt) {
    return sqrt(x);
  } else if constexpr (fn == UnaryFn::kTan) {
    return by_lane<tanf>(x);
  } else if constexpr (fn == UnaryFn::kTanh) {
    return tanh(x);
  } else if constexpr (fn == UnaryFn::kLog) {
    return log(x);
  } else if constexpr (fn == UnaryFn::kIsNan) {
    return to_lanes(is_nan(x));
  } else if constexpr (fn == UnaryFn::kIsInf) {
    const F positive = alpha != 0 ? set1(INFINITY) : set1(NAN);
    const F negative = beta != 0 ? set1(-INFINITY) : set1(NAN);
    return bit_or(to_lanes(eq(x, positive)), to_lanes(eq(x, negative)));
  } else if constexpr (fn == UnaryFn::kRelu) {
    return max2(zero, x);
  } else if constexpr (fn == UnaryFn::kSigmoid) {
    return sigmoid(x);
  } else if constexpr (fn == UnaryFn::kSoftplus) {
    return softplus(x);
  } else if constexpr (fn == UnaryFn::kSoftsign) {
    return x / (absolute(x) + one);
  } else if constexpr (fn == UnaryFn::kMish) {
    return mish(x);
  } else if constexpr (fn == UnaryFn::kHardSwish) {
    return x * max2(zero, min2(one, fma(x, set1(1.0f / 6), set1(0.5f))));
  } else if constexpr (fn == UnaryFn::kSilu) {
    return alpha == 1 ? silu(x) : finite_below(x) * sigmoid(set1(alpha) * x);
  } else if constexpr (fn == UnaryFn::kGelu) {
    return gelu(x);
  } else if constexpr (fn == UnaryFn::kGeluTanh) {
    return gelu_tanh(x);
  } else if constexpr (fn == UnaryFn::kElu) {
    return select(lt(x, zero), set1(alpha) * expm1(x), x);
  } else if constexpr (fn == UnaryFn::kCelu) {
    return max2(zero, x) + min2(zero, set1(alpha) * expm1(x / set1(alpha)));
  } else if constexpr (fn == UnaryFn::kSelu) {
    return set1(beta) * select(lt(x, zero), set1(alpha) * expm1(x), x);
  } else if constexpr (fn == UnaryFn::kLeakyRelu) {
    return select(lt(x, zero), set1(alpha) * x, x);
  } else if constexpr (fn == UnaryFn::kThresholdedRelu) {
    return select(lt(set1(alpha), x), x, zero);
  } else if constexpr (fn == UnaryFn::kHardSigmoid) {
    return max2(zero, min2(one, fma(set1(alpha), x, set1(beta))));
  } else {
    static_assert(fn == UnaryFn::kShrink);
    return select(lt(x, set1(-alpha)), x + set1(beta),
                  select(lt(set1(alpha), x), x - set1(beta), select(is_nan(x), x, zero)));
  }
}

// NaN of either operand wins.
inline F min_nan(F a, F b) { return select(is_nan(a), a, min2(a, b)); }
inline F max_nan(F a, F b) { return select(is_nan(a), a, max2(a, b)); }

inline float python_mod(float a, float b) {
  const float r = fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

template <BinaryFn fn> inline F binary(F a, F b) {
  if constexpr (fn == BinaryFn::kAdd) {
    return a + b;
  } else if constexpr (fn == BinaryFn::kSub) {
    return a - b;
  } else if constexpr (fn == BinaryFn::kMul) {
    return a * b;
  } else if constexpr (fn == BinaryFn::kDiv) {
    return a / b;
  } else if constexpr (fn == BinaryFn::kPow) {
    return by_lane<powf>(a, b);
  } else if constexpr (fn == BinaryFn::kMin) {
    return min_nan(a, b);
  } else if constexpr (fn == BinaryFn::kMax) {
    return max_nan(a, b);
  } else if constexpr (fn == BinaryFn::kMod) {
    return by_lane<python_mod>(a, b);
  } else if constexpr (fn == BinaryFn::kFmod) {
    return by_lane<fmodf>(a, b);
  } else if constexpr (fn == BinaryFn::kPRelu) {
    return select(lt(a, set1(0.0f)), a * b, a);
  } else if constexpr (fn == BinaryFn::kSwiglu) {
    return silu(a) * b;
  } else if constexpr (fn == BinaryFn::kAnd || fn == BinaryFn::kBitwiseAnd) {  // lanes
    return bit_and(a, b);
  } else if constexpr (fn == BinaryFn::kOr || fn == BinaryFn::kBitwiseOr) {
    return bit_or(a, b);
  } else if constexpr (fn == BinaryFn::kXor || fn == BinaryFn::kBitwiseXor) {
    return bit_xor(a, b);
  } else if constexpr (fn == BinaryFn::kEqual) {
    return to_lanes(eq(a, b));
  } else if constexpr (fn == BinaryFn::kLess) {
    return to_lanes(lt(a, b));
  } else if constexpr (fn == BinaryFn::kLessEqual) {
    return to_lanes(le(a, b));
  } else if constexpr (fn == BinaryFn::kGreater) {
    return to_lanes(lt(b, a));
  } else if constexpr (fn == BinaryFn::kGreaterEqual) {
    return to_lanes(le(b, a));
  } else {
    return a;  // shifts: of integers only
  }
}
// One exponent for all lanes: the common ones without the C library.
inline F power(F a, float b) {
  if (b == 2) return a * a;
  if (b == 0.5f) return select(eq(a, set1(-INFINITY)), set1(INFINITY), sqrt(a + set1(0.0f)));
  if (b == 1) return a;
  if (b == 3) return a * a * a;
  if (b == -1) return set1(1.0f) / a;
  return by_lane<powf>(a, set1(b));
}
