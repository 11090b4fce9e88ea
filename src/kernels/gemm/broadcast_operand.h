// An operand of an epilogue, of any element type, broadcast to the result of a matrix kernel: read where it lies, or,
// where it has no uniform strides, spread over scratch memory first.
#pragma once
#include "kernels/gemm/row_view.h"
#include "kernels/pointwise/short_rows.h"

namespace ingot::kernels::gemm {

class BroadcastOperand {
 public:
  // Its scratch, if it needs any, begins at `scratch_bytes`, which grows by that. `column_vector`: columns must lie
  // side by side. Throws kInvalidArgument when it does not broadcast.
  BroadcastOperand(const Problem& problem, size_t input, const RowLayout& layout, size_t& scratch_bytes,
                   bool column_vector = false);
  // Whether all columns of a row, or all rows of a column, read one element.
  bool same_for_columns() const { return view_.column == 0; }
  bool same_for_rows() const { return view_.row == 0; }
  // Once per run, before at(): spreads it.
  void prepare(const void* const* inputs, std::byte* scratch) const noexcept;
  // Row 0 of product `index`, from column `column` on.
  ShortRowOperand at(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column) const noexcept;

 private:
  bool is_spread() const { return !result_.empty(); }

  size_t input_;
  DType dtype_;
  RowView view_;
  Shape result_, strides_;  // of one that is spread: the result, and the operand's strides along its axes
  size_t offset_ = 0;       // of its scratch
};

// The same operand from a row and a column on.
ShortRowOperand from_row(ShortRowOperand operand, int64_t row, int64_t column) noexcept;

}  // namespace ingot::kernels::gemm
