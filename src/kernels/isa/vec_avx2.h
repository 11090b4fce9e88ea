// The vector vocabulary on AVX2 with FMA and F16C: 8 floats. Included inside namespace avx2 of an avx2 region;
// vec_avx512.h gives the same names and their contracts.
using F = __m256;
using I = __m256i;
struct M {  // lanes of all ones or zeros
  __m256 lanes;
};
inline constexpr int64_t kLanes = 8;

inline F set1(float x) { return _mm256_set1_ps(x); }
inline F load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, F x) { _mm256_storeu_ps(p, x); }
inline __m256i first_lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline F load_part(const float* p, int64_t n) { return _mm256_maskload_ps(p, first_lanes(n)); }
inline void store_part(float* p, F x, int64_t n) { _mm256_maskstore_ps(p, first_lanes(n), x); }

inline F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
inline F fnma(F a, F b, F c) { return _mm256_fnmadd_ps(a, b, c); }
inline F min2(F a, F b) { return _mm256_min_ps(a, b); }
inline F max2(F a, F b) { return _mm256_max_ps(a, b); }
inline F reciprocal(F x) { return set1(1.0f) / x; }
inline F sqrt(F x) { return _mm256_sqrt_ps(x); }
inline F bit_and(F a, F b) { return _mm256_and_ps(a, b); }
inline F bit_or(F a, F b) { return _mm256_or_ps(a, b); }
inline F bit_xor(F a, F b) { return _mm256_xor_ps(a, b); }
inline F round_even(F x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F floor(F x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline F ceil(F x) { return _mm256_round_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
inline F trunc(F x) { return _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

inline M lt(F a, F b) { return {_mm256_cmp_ps(a, b, _CMP_LT_OQ)}; }
inline M le(F a, F b) { return {_mm256_cmp_ps(a, b, _CMP_LE_OQ)}; }
inline M eq(F a, F b) { return {_mm256_cmp_ps(a, b, _CMP_EQ_OQ)}; }
inline M is_nan(F x) { return {_mm256_cmp_ps(x, x, _CMP_UNORD_Q)}; }
inline F select(M m, F yes, F no) { return _mm256_blendv_ps(no, yes, m.lanes); }
inline M both(M a, M b) { return {_mm256_and_ps(a.lanes, b.lanes)}; }
inline M either(M a, M b) { return {_mm256_or_ps(a.lanes, b.lanes)}; }
inline bool any(M m) { return _mm256_movemask_ps(m.lanes) != 0; }
inline bool all(M m) { return _mm256_movemask_ps(m.lanes) == 0xff; }
inline F to_lanes(M m) { return m.lanes; }
inline M to_mask(F lanes) { return {lanes}; }

inline I bits(F x) { return _mm256_castps_si256(x); }
inline F from_bits(I x) { return _mm256_castsi256_ps(x); }
inline I set1i(int32_t x) { return _mm256_set1_epi32(x); }
inline I addi(I a, I b) { return _mm256_add_epi32(a, b); }
inline I subi(I a, I b) { return _mm256_sub_epi32(a, b); }
inline I andi(I a, I b) { return _mm256_and_si256(a, b); }
template <int n> inline I shift_left(I x) { return _mm256_slli_epi32(x, n); }
template <int n> inline I shift_right(I x) { return _mm256_srai_epi32(x, n); }
template <int n> inline I shift_right_zeros(I x) { return _mm256_srli_epi32(x, n); }
inline I load_lanes(const int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline F permute(F x, I lanes) { return _mm256_permutevar8x32_ps(x, lanes); }  // lane i: x at lanes[i]
inline M eqi(I a, I b) { return {from_bits(_mm256_cmpeq_epi32(a, b))}; }
inline F to_float(I x) { return _mm256_cvtepi32_ps(x); }
inline I to_int(F x) { return _mm256_cvttps_epi32(x); }
inline F power_of_two(I e) { return from_bits(shift_left<23>(addi(e, set1i(127)))); }  // -126 <= e <= 128
inline F whole_power(F n) { return power_of_two(to_int(n)); }
inline F scale_by_power(F x, F n) {
  // Two factors, both normal numbers for |n| up to 252.
  const I whole = to_int(n);
  const I half = shift_right<1>(whole);
  return x * power_of_two(half) * power_of_two(subi(whole, half));
}

inline float sum_lanes(F x) {
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
inline float max_lanes(F x) {
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

inline F load_half(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
inline F load_brain(const uint16_t* p) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return from_bits(shift_left<16>(_mm256_cvtepu16_epi32(x)));
}
inline F load_brain_part(const uint16_t* p, int64_t n) {  // as load_part
  uint64_t halves[2] = {};                                // copies of known sizes: no call
  if (n & 4) __builtin_memcpy(&halves[0], p, 8);
  uint64_t& rest = halves[n >> 2];
  const uint16_t* from = p + (n & 4);
  if (n & 2) {
    uint32_t pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    rest = pair;
  }
  if (n & 1) rest |= uint64_t{from[n & 2]} << (n & 2) * 16;
  return load_brain(reinterpret_cast<const uint16_t*>(halves));
}
inline F load_u8(const uint8_t* p) {
  return to_float(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline F load_i8(const int8_t* p) {
  return to_float(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline F load_i32(const int32_t* p) { return to_float(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline F load_i64(const int64_t* p) {
  alignas(32) float lanes[8];
  for (int i = 0; i < 8; ++i) lanes[i] = static_cast<float>(p[i]);
  return _mm256_load_ps(lanes);
}
inline F load_bool(const uint8_t* p) {
  const I x = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return from_bits(_mm256_cmpgt_epi32(x, _mm256_setzero_si256()));
}
inline __m128i narrow_to_16(I x) {  // lanes within [0, 65535]
  const I packed = _mm256_packus_epi32(x, x);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}
inline void store_half(uint16_t* p, F x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
inline void store_brain(uint16_t* p, F x) {
  const I b = bits(x);
  const I odd = andi(shift_right_zeros<16>(b), set1i(1));
  const I rounded = shift_right_zeros<16>(addi(b, addi(odd, set1i(0x7fff))));
  const I quiet = _mm256_or_si256(shift_right_zeros<16>(b), set1i(0x40));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   narrow_to_16(bits(select(is_nan(x), from_bits(quiet), from_bits(rounded)))));
}
inline void store_brain_part(uint16_t* p, F x, int64_t n) {  // as store_part
  uint16_t whole[kLanes];
  store_brain(whole, x);
  __builtin_memcpy(p, whole, static_cast<size_t>(n) * sizeof(uint16_t));
}
inline void store_bool(uint8_t* p, F lanes) {
  const __m128i x = narrow_to_16(shift_right_zeros<31>(bits(lanes)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(x, x));
}
// The lowest byte of the whole number that x holds.
inline void store_byte(uint8_t* p, F x) {
  const __m128i bytes = narrow_to_16(andi(to_int(x), set1i(255)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(bytes, bytes));
}
inline void store_i32(int32_t* p, F x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), to_int(x)); }
inline void store_stream(float* p, F x) { _mm256_stream_ps(p, x); }
