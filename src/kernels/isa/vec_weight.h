// exp for the weights of a softmax, whose largest is 1. Include after vec_math.h, in the same namespace.

// exp(x) for x <= 0; 0 below -87, whose exponential is no normal number: Intel's CPUs take some hundred cycles for a
// vector with such a result, and masked scores are full of them. NaN passes.
inline F exp_weight(F x) {
  const F lowest = set1(-87.0f);
  return select(lt(x, lowest), set1(0.0f), exp(max2(lowest, x)));
}
