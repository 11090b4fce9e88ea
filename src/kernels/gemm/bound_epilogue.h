// Bias and epilogue of a matrix kernel with sizes fixed: what is done in registers, what a row program does, and where
// every operand of a product is.
#pragma once
#include <optional>
#include <vector>

#include "kernels/gemm/blocked.h"
#include "kernels/gemm/broadcast_operand.h"
#include "kernels/gemm/register_form.h"

namespace ingot::kernels::gemm {

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
  bool fits_registers(const Problem& problem, std::span<const TileInstruction> body, size_t first_operand,
                      IsaLevel isa);
  BroadcastOperand bind_operand(const Problem& problem, size_t input, bool column_vector);

  RowLayout layout_;
  size_t scratch_bytes_ = 0;
  std::optional<BroadcastOperand> bias_, addend_;
  RegisterForm form_;
  std::vector<BroadcastOperand> operands_;
  std::unique_ptr<RowProgram> program_;
};

}  // namespace ingot::kernels::gemm
