// The vector vocabulary on AVX-512: 16 floats. Included inside namespace avx512 of an avx512 region; vec_avx2.h gives
// the same names. Arithmetic uses the compilers' own operators (+ - * /) on F.
// F: floats, I: 32-bit integers, M: one truth value per lane.
using F = __m512;
using I = __m512i;
using M = __mmask16;
inline constexpr int64_t kLanes = 16;

inline F set1(float x) { return _mm512_set1_ps(x); }
inline F load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, F x) { _mm512_storeu_ps(p, x); }
// The first n < 16 lanes; the others read as zero and are not touched in memory.
inline M first_lanes(int64_t n) { return static_cast<M>((1u << n) - 1); }
inline F load_part(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
inline void store_part(float* p, F x, int64_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), x); }

inline F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }    // a * b + c
inline F fnma(F a, F b, F c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a * b
// The second operand when either is NaN.
inline F min2(F a, F b) { return _mm512_min_ps(a, b); }
inline F max2(F a, F b) { return _mm512_max_ps(a, b); }
// 1 / x within 1.5 units in the last place for |x| of 2^-126 to 2^126; division takes three times as long.
inline F reciprocal(F x) {
  const F r = _mm512_rcp14_ps(x);
  return fma(r, fnma(r, x, set1(1.0f)), r);
}
inline F sqrt(F x) { return _mm512_sqrt_ps(x); }
inline F bit_and(F a, F b) { return _mm512_and_ps(a, b); }
inline F bit_or(F a, F b) { return _mm512_or_ps(a, b); }
inline F bit_xor(F a, F b) { return _mm512_xor_ps(a, b); }
inline F round_even(F x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F floor(F x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline F ceil(F x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
inline F trunc(F x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

inline M lt(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline M le(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
inline M eq(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline M is_nan(F x) { return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q); }
inline F select(M m, F yes, F no) { return _mm512_mask_blend_ps(m, no, yes); }
inline M both(M a, M b) { return static_cast<M>(a & b); }
inline M either(M a, M b) { return static_cast<M>(a | b); }
inline bool any(M m) { return m != 0; }
inline bool all(M m) { return m == 0xffff; }
// Truth values as lanes of all ones or zeros, and back (by the sign bit).
inline F to_lanes(M m) { return _mm512_castsi512_ps(_mm512_movm_epi32(m)); }
inline M to_mask(F lanes) { return _mm512_movepi32_mask(_mm512_castps_si512(lanes)); }

inline I bits(F x) { return _mm512_castps_si512(x); }
inline F from_bits(I x) { return _mm512_castsi512_ps(x); }
inline I set1i(int32_t x) { return _mm512_set1_epi32(x); }
inline I addi(I a, I b) { return _mm512_add_epi32(a, b); }
inline I subi(I a, I b) { return _mm512_sub_epi32(a, b); }
inline I andi(I a, I b) { return _mm512_and_si512(a, b); }
template <int n> inline I shift_left(I x) { return _mm512_slli_epi32(x, n); }
template <int n> inline I shift_right(I x) { return _mm512_srai_epi32(x, n); }
template <int n> inline I shift_right_zeros(I x) { return _mm512_srli_epi32(x, n); }
inline I load_lanes(const int32_t* p) { return _mm512_loadu_si512(p); }
inline F permute(F x, I lanes) { return _mm512_permutexvar_ps(lanes, x); }  // lane i: x at lanes[i]
inline M eqi(I a, I b) { return _mm512_cmpeq_epi32_mask(a, b); }
inline F to_float(I x) { return _mm512_cvtepi32_ps(x); }
inline I to_int(F x) { return _mm512_cvttps_epi32(x); }
// x * 2^n for integral n, correctly rounded where the result is subnormal.
inline F scale_by_power(F x, F n) { return _mm512_scalef_ps(x, n); }
// 2^n for integral n of -126 to 127.
inline F whole_power(F n) { return _mm512_scalef_ps(set1(1.0f), n); }

inline float sum_lanes(F x) {
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
// The largest lane; NaN may get lost.
inline float max_lanes(F x) {
  const __m256 h = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

// Storage types other than f32: the next 16 elements as floats, and back. half: f16 bits, brain: bf16 bits.
inline F load_half(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline F load_brain(const uint16_t* p) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
inline F load_brain_part(const uint16_t* p, int64_t n) {  // as load_part
  const __m256i x = _mm256_maskz_loadu_epi16(first_lanes(n), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
inline F load_u8(const uint8_t* p) {
  return to_float(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline F load_i8(const int8_t* p) {
  return to_float(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline F load_i32(const int32_t* p) { return to_float(_mm512_loadu_si512(p)); }
inline F load_i64(const int64_t* p) {
  const __m256 low = _mm512_cvtepi64_ps(_mm512_loadu_si512(p));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), _mm512_cvtepi64_ps(_mm512_loadu_si512(p + 8)), 1);
}
// Bytes that are zero or not, as lanes.
inline F load_bool(const uint8_t* p) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return to_lanes(_mm_test_epi8_mask(x, x));
}
inline void store_half(uint16_t* p, F x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
inline __m256i to_brain(F x) {
#ifdef INGOT_ROUNDS_BF16
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x));
#else
  const I b = bits(x);
  const I odd = andi(shift_right_zeros<16>(b), set1i(1));
  I rounded = shift_right_zeros<16>(addi(b, addi(odd, set1i(0x7fff))));
  rounded = _mm512_mask_or_epi32(rounded, is_nan(x), shift_right_zeros<16>(b), set1i(0x40));
  return _mm512_cvtepi32_epi16(rounded);
#endif
}
inline void store_brain(uint16_t* p, F x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), to_brain(x)); }
inline void store_brain_part(uint16_t* p, F x, int64_t n) {  // as store_part
  _mm256_mask_storeu_epi16(p, first_lanes(n), to_brain(x));
}
inline void store_bool(uint8_t* p, F lanes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(to_mask(lanes), 1));
}
// The lowest byte of the whole number that x holds.
inline void store_byte(uint8_t* p, F x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(to_int(x)));
}
inline void store_i32(int32_t* p, F x) { _mm512_storeu_si512(p, to_int(x)); }
// Past every cache; p is aligned to the vector.
inline void store_stream(float* p, F x) { _mm512_stream_ps(p, x); }
