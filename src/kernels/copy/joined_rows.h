// Operands joined along an axis, walked row by row: a row of the result is one piece of each, one behind the other.
#pragma once
#include <span>
#include <vector>

#include "kernels/kernel.h"

namespace ingot::kernels {

class JoinedRows {
 public:
  // The problem's inputs numbered `inputs`, in this order, joined along `axis` into elements of `to`; elements of whole
  // bytes. Throws kInvalidArgument when shapes or types do not fit.
  JoinedRows(const Problem& problem, std::span<const int64_t> inputs, int64_t axis, const Operand& to);

  // Bytes of the whole and of a row.
  int64_t bytes() const { return bytes_; }
  int64_t row_bytes() const { return row_bytes_; }
  // Bytes [begin, end) of the whole to `to`; `inputs` are all of the problem's.
  void copy(int64_t begin, int64_t end, const void* const* inputs, std::byte* to) const noexcept;

 private:
  struct Piece {
    size_t input = 0;
    int64_t offset = 0, bytes = 0;  // in a row
  };
  std::vector<Piece> pieces_;
  int64_t bytes_ = 0, row_bytes_ = 0;
};

}  // namespace ingot::kernels
