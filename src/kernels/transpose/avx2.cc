#include "kernels/isa/intrinsics.h"
#include "kernels/transpose/transpose.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {

// Eight rows of eight 4-byte elements.
void block_of_4(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 r[8], t[8];
  // Rows y and y + 4 in one register, so that the last exchange is by 64-bit units.
  for (int y = 0; y < 4; ++y) {
    const float* low = from + y * from_stride;
    const float* high = from + (y + 4) * from_stride;
    r[y] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
    r[y + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low + 4)), _mm_loadu_ps(high + 4), 1);
  }
  for (int half = 0; half < 8; half += 4) {
    t[half + 0] = _mm256_unpacklo_ps(r[half + 0], r[half + 1]);
    t[half + 1] = _mm256_unpackhi_ps(r[half + 0], r[half + 1]);
    t[half + 2] = _mm256_unpacklo_ps(r[half + 2], r[half + 3]);
    t[half + 3] = _mm256_unpackhi_ps(r[half + 2], r[half + 3]);
  }
  for (int half = 0; half < 8; half += 4) {
    float* out = to + half * to_stride;
    _mm256_storeu_ps(out, _mm256_shuffle_ps(t[half + 0], t[half + 2], 0x44));
    _mm256_storeu_ps(out + to_stride, _mm256_shuffle_ps(t[half + 0], t[half + 2], 0xee));
    _mm256_storeu_ps(out + 2 * to_stride, _mm256_shuffle_ps(t[half + 1], t[half + 3], 0x44));
    _mm256_storeu_ps(out + 3 * to_stride, _mm256_shuffle_ps(t[half + 1], t[half + 3], 0xee));
  }
}

// Four rows of four 8-byte elements.
void block_of_8(const double* from, int64_t from_stride, double* to, int64_t to_stride) {
  __m256d r[4], t[4];
  for (int y = 0; y < 4; ++y) r[y] = _mm256_loadu_pd(from + y * from_stride);
  t[0] = _mm256_unpacklo_pd(r[0], r[1]);
  t[1] = _mm256_unpackhi_pd(r[0], r[1]);
  t[2] = _mm256_unpacklo_pd(r[2], r[3]);
  t[3] = _mm256_unpackhi_pd(r[2], r[3]);
  _mm256_storeu_pd(to, _mm256_permute2f128_pd(t[0], t[2], 0x20));
  _mm256_storeu_pd(to + to_stride, _mm256_permute2f128_pd(t[1], t[3], 0x20));
  _mm256_storeu_pd(to + 2 * to_stride, _mm256_permute2f128_pd(t[0], t[2], 0x31));
  _mm256_storeu_pd(to + 3 * to_stride, _mm256_permute2f128_pd(t[1], t[3], 0x31));
}

// Eight rows of eight 2-byte elements.
void block_of_2(const uint16_t* from, int64_t from_stride, uint16_t* to, int64_t to_stride) {
  __m128i r[8], t[8];
  for (int y = 0; y < 8; ++y) r[y] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + y * from_stride));
  for (int y = 0; y < 4; ++y) {
    t[2 * y] = _mm_unpacklo_epi16(r[y], r[y + 4]);
    t[2 * y + 1] = _mm_unpackhi_epi16(r[y], r[y + 4]);
  }
  for (int y = 0; y < 4; ++y) {
    r[2 * y] = _mm_unpacklo_epi16(t[y], t[y + 4]);
    r[2 * y + 1] = _mm_unpackhi_epi16(t[y], t[y + 4]);
  }
  for (int y = 0; y < 4; ++y) {
    t[2 * y] = _mm_unpacklo_epi16(r[y], r[y + 4]);
    t[2 * y + 1] = _mm_unpackhi_epi16(r[y], r[y + 4]);
  }
  for (int x = 0; x < 8; ++x) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x * to_stride), t[x]);
}

// Three rows whose columns become dense triples, as an image's planes; as many columns as are whole vectors. Returns
// how many.
int64_t interleave_3(const float* from, int64_t from_stride, float* to, int64_t columns) {
  int64_t x = 0;
  for (; x + 4 <= columns; x += 4, to += 12) {
    const __m128 a = _mm_loadu_ps(from + x), b = _mm_loadu_ps(from + from_stride + x);
    const __m128 c = _mm_loadu_ps(from + 2 * from_stride + x);
    const __m128 ca0 = _mm_shuffle_ps(c, a, _MM_SHUFFLE(1, 1, 0, 0)),
                 ca2 = _mm_shuffle_ps(c, a, _MM_SHUFFLE(3, 3, 2, 2));
    const __m128 bc1 = _mm_shuffle_ps(b, c, _MM_SHUFFLE(1, 1, 1, 1)),
                 bc3 = _mm_shuffle_ps(b, c, _MM_SHUFFLE(3, 3, 3, 3));
    const __m128 ab2 = _mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 2, 2, 2));
    _mm_storeu_ps(to, _mm_shuffle_ps(_mm_unpacklo_ps(a, b), ca0, _MM_SHUFFLE(2, 0, 1, 0)));
    _mm_storeu_ps(to + 4, _mm_shuffle_ps(bc1, ab2, _MM_SHUFFLE(2, 0, 2, 0)));
    _mm_storeu_ps(to + 8, _mm_shuffle_ps(ca2, bc3, _MM_SHUFFLE(2, 0, 2, 0)));
  }
  return x;
}

// The same of 2-byte elements: byte i of the 48 that eight columns give comes from row i / 2 % 3.
struct Interleave {
  alignas(16) uint8_t from[3][3][16] = {};  // [part of the result][row]: pshufb's indices
};
constexpr Interleave interleave_of_2() {
  Interleave result;
  for (int i = 0; i < 48; ++i) {
    for (int row = 0; row < 3; ++row) {
      const bool own = i / 2 % 3 == row;
      result.from[i / 16][row][i % 16] = own ? static_cast<uint8_t>(i / 6 * 2 + i % 2) : uint8_t{0x80};
    }
  }
  return result;
}
int64_t interleave_3(const uint16_t* from, int64_t from_stride, uint16_t* to, int64_t columns) {
  static constexpr Interleave kInterleave = interleave_of_2();
  const auto load = [](const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); };
  int64_t x = 0;
  for (; x + 8 <= columns; x += 8, to += 24) {
    __m128i rows[3];
    for (int row = 0; row < 3; ++row) rows[row] = load(from + row * from_stride + x);
    for (int part = 0; part < 3; ++part) {
      __m128i y = _mm_shuffle_epi8(rows[0], load(kInterleave.from[part][0]));
      y = _mm_or_si128(y, _mm_shuffle_epi8(rows[1], load(kInterleave.from[part][1])));
      y = _mm_or_si128(y, _mm_shuffle_epi8(rows[2], load(kInterleave.from[part][2])));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 8 * part), y);
    }
  }
  return x;
}

template <class T, int64_t kSide, void (*block)(const T*, int64_t, T*, int64_t)>
void in_blocks(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride, int64_t rows,
               int64_t columns) {
  const T* in = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  if constexpr (sizeof(T) < 8) {
    if (rows == 3 && to_stride == 3) {
      const int64_t done = interleave_3(in, from_stride, out, columns);
      in += done;
      out += done * to_stride;
      columns -= done;
    }
  }
  int64_t y = 0;
  for (; y + kSide <= rows; y += kSide) {
    int64_t x = 0;
    for (; x + kSide <= columns; x += kSide) {
      block(in + y * from_stride + x, from_stride, out + x * to_stride + y, to_stride);
    }
    if (x < columns) {
      kernels::transpose_block(reinterpret_cast<const std::byte*>(in + y * from_stride + x), from_stride,
                               reinterpret_cast<std::byte*>(out + x * to_stride + y), to_stride, kSide, columns - x,
                               sizeof(T));
    }
  }
  if (y < rows) {
    kernels::transpose_block(reinterpret_cast<const std::byte*>(in + y * from_stride), from_stride,
                             reinterpret_cast<std::byte*>(out + y), to_stride, rows - y, columns, sizeof(T));
  }
}

}  // namespace

void transpose_block(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride, int64_t rows,
                     int64_t columns, int64_t bytes) {
  switch (bytes) {
    case 2: return in_blocks<uint16_t, 8, block_of_2>(from, from_stride, to, to_stride, rows, columns);
    case 4: return in_blocks<float, 8, block_of_4>(from, from_stride, to, to_stride, rows, columns);
    case 8: return in_blocks<double, 4, block_of_8>(from, from_stride, to, to_stride, rows, columns);
    default: return kernels::transpose_block(from, from_stride, to, to_stride, rows, columns, bytes);
  }
}

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
