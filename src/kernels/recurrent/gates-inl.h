// Sigmoid and tanh for gates, in terms of isa/vec_math.h: cheaper than those there, since where sigmoid is below 1e-37
// its size no longer matters to a product of states. Errors up to 4 units in the last place. NaN stays.

// e^x - 1 = power * tail + (power - 1) for |x| <= 87.
struct PowerParts {
  F power, tail;
};
inline PowerParts power_parts(F x, float limit) {
  const ExpParts e = exp_parts(max2(set1(-limit), min2(set1(limit), x)));
  return {whole_power(e.n), fma(e.r * e.r, e.p, e.r)};
}
inline F gate_sigmoid(F x) {
  const PowerParts e = power_parts(set1(0.0f) - x, 87.0f);
  return set1(1.0f) / (fma(e.power, e.tail, e.power) + set1(1.0f));
}
// (e^2x - 1) / (e^2x + 1); 1 - tanh(10) is no f32.
inline F gate_tanh(F x) {
  const PowerParts e = power_parts(x + x, 20.0f);
  const F less = fma(e.power, e.tail, e.power - set1(1.0f));
  return less / (less + set1(2.0f));
}
