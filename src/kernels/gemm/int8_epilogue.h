// What follows a product of integers, on its sums while they are in cache: a program whose input 0 is the sums (i32, or
// whole numbers in f32) and whose other inputs are operands of f32 or integers of 8 bits; its result is f32 or such
// integers.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "kernels/gemm/bound_epilogue.h"
#include "kernels/pointwise/short_rows.h"

namespace ingot::kernels::gemm {

// Null when Int8Epilogue takes the epilogue whose operands are the inputs from `first_operand` on, else the reason.
const char* refuse_int8_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand);
// Likewise on an ISA level.
const char* refuse_int8_program(std::span<const TileInstruction> body, IsaLevel isa);

class Int8Epilogue {
 public:
  // Operands of one product, at its row 0 and column 0.
  using Operands = std::array<ShortRowOperand, kMaxOperands>;

  Int8Epilogue(const Problem& problem, const RowLayout& layout, size_t first_operand,
               std::span<const TileInstruction> body, IsaLevel isa, DType sums = DType::kI32);
  // Without a program the sums are the result.
  bool has_program() const { return program_.has_value(); }
  int64_t result_bytes() const { return result_bytes_; }  // of an element
  size_t scratch_bytes() const { return scratch_bytes_; }
  // Once per run, before fill: spreads operands that have no uniform strides over `scratch`.
  void prepare(const void* const* inputs, std::byte* scratch) const noexcept;
  // The operands of product `index` from column `column` on.
  void fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
            Operands& operands) const noexcept;
  // Makes results at `c`, of rows of `c_stride` elements, of rows x columns sums, which start at a row and column of
  // the product.
  void finish(const void* sums, int64_t sums_stride, int64_t first_row, int64_t rows, int64_t first_column,
              int64_t columns, const Operands& operands, std::byte* c, int64_t c_stride) const noexcept;

 private:
  int64_t result_bytes_ = 4;
  size_t scratch_bytes_ = 0;
  std::vector<BroadcastOperand> operands_;
  std::optional<Program> program_;
};

}  // namespace ingot::kernels::gemm
