#include "kernels/copy/copy_rows.h"

#include <cstring>

namespace ingot::kernels {
namespace {

constexpr int64_t kVector = 16;
constexpr int64_t kLongPiece = 512;  // the C library is fast from here on

template <size_t kBytes>
void copy_rows_of(const std::byte* from, int64_t from_stride, int64_t rows, std::byte* to, int64_t to_stride) {
  for (int64_t row = 0; row < rows; ++row) std::memcpy(to + row * to_stride, from + row * from_stride, kBytes);
}

// Vector by vector; the last one overlaps the one before.
void copy_by_vectors(const std::byte* from, std::byte* to, int64_t bytes) {
  for (int64_t at = 0; at + kVector < bytes; at += kVector) std::memcpy(to + at, from + at, kVector);
  std::memcpy(to + bytes - kVector, from + bytes - kVector, kVector);
}

}  // namespace

// A copy of a known size is a few instructions, a call of the C library many more.
void copy_rows(const std::byte* from, int64_t from_stride, int64_t rows, int64_t bytes, std::byte* to,
               int64_t to_stride) noexcept {
  switch (bytes) {
    case 1: return copy_rows_of<1>(from, from_stride, rows, to, to_stride);
    case 2: return copy_rows_of<2>(from, from_stride, rows, to, to_stride);
    case 4: return copy_rows_of<4>(from, from_stride, rows, to, to_stride);
    case 8: return copy_rows_of<8>(from, from_stride, rows, to, to_stride);
    case 16: return copy_rows_of<16>(from, from_stride, rows, to, to_stride);
    case 32: return copy_rows_of<32>(from, from_stride, rows, to, to_stride);
    case 64: return copy_rows_of<64>(from, from_stride, rows, to, to_stride);
    case 128: return copy_rows_of<128>(from, from_stride, rows, to, to_stride);
    case 256: return copy_rows_of<256>(from, from_stride, rows, to, to_stride);
    default: break;
  }
  const bool by_vectors = bytes > kVector && bytes < kLongPiece;
  for (int64_t row = 0; row < rows; ++row, from += from_stride, to += to_stride) {
    if (by_vectors) {
      copy_by_vectors(from, to, bytes);
    } else {
      std::memcpy(to, from, static_cast<size_t>(bytes));
    }
  }
}

}  // namespace ingot::kernels
