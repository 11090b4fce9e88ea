// sum + a * b on units of bf16, by multiply-add of f32.
inline F add_product(F sum, I a, I b) {
  const I high = set1i(-65536);
  sum = fma(from_bits(shift_left<16>(a)), from_bits(shift_left<16>(b)), sum);
  return fma(from_bits(andi(a, high)), from_bits(andi(b, high)), sum);
}
