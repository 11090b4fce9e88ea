// Bias and epilogue of a matrix kernel with sizes fixed: what is done in registers, what a row program does, and where
// every operand of a product is.
#pragma once
#include <optional>
#include <vector>

#include "kernels/gemm/blocked.h"
#include "kernels/gemm/register_form.h"

namespace ingot::kernels::gemm {

// The result as products of rows of columns: axes [0, product_axes) count the products, the last column_axes the
// columns, those between the rows.
struct RowLayout {
  Shape result;
  size_t product_axes = 0, column_axes = 1;
};

// An operand broadcast to such a result: element (r, c) of product p at [products[p] + r * row + c * column].
struct RowView {
  std::vector<int64_t> products;
  int64_t row = 0, column = 0;  // column: 0 or 1
};
// Empty when the operand has no such uniform strides. Throws kInvalidArgument when it does not broadcast.
std::optional<RowView> view_by_rows(const Shape& shape, const RowLayout& layout);
// Whether all inputs from `first_operand` on have them.
bool view_by_rows(const Problem& problem, size_t first_operand, const RowLayout& layout);

// Null when BoundEpilogue takes the epilogue whose operands are the inputs from `first_operand` on, else the reason.
const char* refuse_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand);

// " +add +relu": the operators' functions, for problem texts.
std::string epilogue_text(std::span<const TileInstruction> body);

class BoundEpilogue {
 public:
  // `bias_input`: the input added to the result first; absent when the problem has none there. `in_registers` false:
  // everything but the bias is left to the program.
  BoundEpilogue(const Problem& problem, RowLayout layout, size_t bias_input, std::span<const TileInstruction> body,
                size_t first_operand, IsaLevel isa, bool in_registers = true);
  // Null when nothing is left for one.
  const RowProgram* program() const { return program_.get(); }
  size_t scratch_bytes() const { return scratch_bytes_; }
  // Once per run, before fill: spreads the operands that have no uniform strides over `scratch`.
  void prepare(const void* const* inputs, std::byte* scratch) const noexcept;
  // Sets `product`'s finish (but alpha) and operands for product `index` from column `column` on.
  void fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
            Product& product) const noexcept;

 private:
  struct Operand {
    size_t input = 0;
    RowView view;
    int64_t expanded = -1;  // offset in scratch
    Shape strides;          // along the result's axes
  };
  bool fits_registers(const Problem& problem, std::span<const TileInstruction> body, size_t first_operand,
                      IsaLevel isa);
  Operand bind_operand(const Problem& problem, size_t input, bool column_vector);
  RowOperand at(const Operand& operand, const void* const* inputs, const std::byte* scratch, int64_t index,
                int64_t column) const noexcept;

  RowLayout layout_;
  int64_t elements_ = 0;
  size_t scratch_bytes_ = 0;
  std::optional<Operand> bias_, addend_;
  RegisterForm form_;
  std::vector<Operand> operands_;
  std::unique_ptr<RowProgram> program_;
};

}  // namespace ingot::kernels::gemm
