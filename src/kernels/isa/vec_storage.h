// Elements in memory of the types that compute as f32, behind one name each. Include after the vocabulary, in the same
// namespace.
struct Half {
  uint16_t bits;
};
struct Brain {
  uint16_t bits;
};

inline F get(const float* p) { return load(p); }
inline F get(const Half* p) { return load_half(&p->bits); }
inline F get(const Brain* p) { return load_brain(&p->bits); }
inline F get(const uint8_t* p) { return load_u8(p); }
inline F get(const int8_t* p) { return load_i8(p); }
inline void put(float* p, F x) { store(p, x); }
inline void put(Half* p, F x) { store_half(&p->bits, x); }
inline void put(Brain* p, F x) { store_brain(&p->bits, x); }

// The first n < kLanes elements; the other lanes are zero, and memory behind them is not touched.
inline F get_part(const float* p, int64_t n) { return load_part(p, n); }
inline F get_part(const Brain* p, int64_t n) { return load_brain_part(&p->bits, n); }
inline void put_part(float* p, F x, int64_t n) { store_part(p, x, n); }
inline void put_part(Brain* p, F x, int64_t n) { store_brain_part(&p->bits, x, n); }
template <class T> inline F get_part(const T* p, int64_t n) {
  T whole[kLanes] = {};
  __builtin_memcpy(whole, p, static_cast<size_t>(n) * sizeof(T));
  return get(whole);
}
template <class T> inline void put_part(T* p, F x, int64_t n) {
  T whole[kLanes];
  put(whole, x);
  __builtin_memcpy(p, whole, static_cast<size_t>(n) * sizeof(T));
}
// Lane i keeps x where i < n, else becomes `other`.
inline F keep_first(F x, int64_t n, F other) {
  alignas(64) static constexpr float kIndex[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return select(lt(load(kIndex), set1(static_cast<float>(n))), x, other);
}
