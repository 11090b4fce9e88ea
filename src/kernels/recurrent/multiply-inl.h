// Units of step-inl.h, 32 bits in depth: one float, or two neighbours of bf16; and products of floats. Included before
// it, with an add_product for I: that of widen-inl.h or an instruction.
template <class E> inline constexpr int64_t kUnit = 4 / static_cast<int64_t>(sizeof(E));  // elements in 32 bits

inline F spread(const float* p) { return set1(*p); }
inline F weights(const float* p) { return load(p); }
inline F add_product(F sum, F a, F b) { return fma(a, b, sum); }

inline I spread(const Brain* p) {
  int32_t unit;
  __builtin_memcpy(&unit, p, sizeof(unit));
  return set1i(unit);
}
inline I weights(const Brain* p) { return load_lanes(reinterpret_cast<const int32_t*>(p)); }
