#include "kernels/copy/joined_rows.h"

#include <algorithm>
#include <cstring>

#include "kernels/copy/copy_rows.h"

namespace ingot::kernels {

JoinedRows::JoinedRows(const Problem& problem, std::span<const int64_t> inputs, int64_t axis, const Operand& to) {
  const auto joined = static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(to.shape.size())));
  int64_t inner = dtype_bits(to.dtype) / 8, at = 0;
  for (size_t k = joined + 1; k < to.shape.size(); ++k) inner *= to.shape[k];
  for (const int64_t input : inputs) {
    const Operand& from = problem.inputs[static_cast<size_t>(input)];
    Shape same = to.shape;
    if (from.shape.size() == to.shape.size()) same[joined] = from.shape[joined];
    if (from.shape != same || from.dtype != to.dtype) {
      fail(Code::kInvalidArgument, "{}{} does not join into {}{}", dtype_name(from.dtype), shape_text(from.shape),
           dtype_name(to.dtype), shape_text(to.shape));
    }
    const int64_t bytes = from.shape[joined] * inner;
    if (bytes > 0) pieces_.push_back({static_cast<size_t>(input), row_bytes_, bytes});
    row_bytes_ += bytes;
    at += from.shape[joined];
  }
  if (at != to.shape[joined]) fail(Code::kInvalidArgument, "{} elements join into {}", at, shape_text(to.shape));
  bytes_ = element_count(to.shape) * dtype_bits(to.dtype) / 8;
}

void JoinedRows::copy(int64_t begin, int64_t end, const void* const* inputs, std::byte* to) const noexcept {
  while (begin < end) {
    const int64_t row = begin / row_bytes_, first = begin % row_bytes_;
    const int64_t rows = first == 0 ? (end - begin) / row_bytes_ : 0;
    const int64_t last = rows > 0 ? row_bytes_ : std::min(row_bytes_, first + end - begin);
    for (const Piece& piece : pieces_) {
      const auto* from = static_cast<const std::byte*>(inputs[piece.input]) + row * piece.bytes;
      if (rows > 0) {
        copy_rows(from, piece.bytes, rows, piece.bytes, to + piece.offset, row_bytes_);
        continue;
      }
      const int64_t low = std::max(first, piece.offset), high = std::min(last, piece.offset + piece.bytes);
      if (low < high) std::memcpy(to + low - first, from + low - piece.offset, static_cast<size_t>(high - low));
    }
    const int64_t done = rows > 0 ? rows * row_bytes_ : last - first;
    begin += done;
    to += done;
  }
}

}  // namespace ingot::kernels
