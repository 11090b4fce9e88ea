// Bias and epilogue of a matrix kernel on bf16 with sizes fixed: as gemm/bound_epilogue.h, with operands and results of
// bf16 or f32 and arithmetic in f32.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/bound_epilogue.h"
#include "kernels/pointwise/short_rows.h"

namespace ingot::kernels::gemm {

// One of the products, at row 0 and column 0.
struct Bf16Product {
  const uint16_t* b = nullptr;
  std::byte* c = nullptr;
  const uint16_t* zeros = nullptr;  // what rows of zeros point to; null: there are none
  TileFinish finish;
  Bf16Addend addend;
  float scale = 1, shift = 0;                          // after the activation
  std::array<ShortRowOperand, kMaxOperands> operands;  // of the program
};

// Null when Bf16Epilogue takes bias and epilogue of the problem, else the reason. Looks at ranks, types, constants.
const char* refuse_bf16_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t bias_input);
// Likewise for an epilogue that needs a program, on an ISA level without one.
const char* refuse_bf16_program(std::span<const TileInstruction> body, IsaLevel isa);

// Row::in_place of products of data, weights and bias: every kernel reads an element of an operand that is like the
// result once, just before it writes the result's element there.
bool may_replace_bf16_operand(const Problem& problem, size_t input);

class Bf16Epilogue {
 public:
  // Operands are the inputs after the bias. `result`: of the problem's output 0, bf16 or f32. `finisher`: of the
  // kernel.
  Bf16Epilogue(const Problem& problem, RowLayout layout, size_t bias_input, std::span<const TileInstruction> body,
               IsaLevel isa, FinisherOf finisher);
  // Whether the sums go through `finish_rows`; else the tile or `form` makes the result of them.
  bool has_program() const { return program_.has_value(); }
  // Whether that is what Bf16TileArgs can say.
  bool plain() const { return !program_ && result_bytes_ == 2 && form_.plain(); }
  // Sets what `product` and the epilogue say of a block at a row and column: all but the sums.
  void describe(const Bf16Product& product, int64_t row, int64_t column, int64_t c_stride,
                FinishArgs& args) const noexcept;
  size_t scratch_bytes() const { return scratch_bytes_; }
  int64_t result_bytes() const { return result_bytes_; }  // of an element
  // Once per run, before fill: widens the bias and spreads operands that have no uniform strides over `scratch`.
  void prepare(const void* const* inputs, std::byte* scratch) const noexcept;
  // Sets `product`'s finish (but alpha), addend and operands for product `index` from column `column` on.
  void fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
            Bf16Product& product) const noexcept;
  // Runs the program on rows x columns sums at `sums` and writes the results to rows of `c_stride` elements at `c`.
  // `operands` as fill gave them, `first_row` and `first_column` the block's place in the product.
  void finish_rows(const float* sums, int64_t sums_stride, int64_t first_row, int64_t rows, int64_t first_column,
                   int64_t columns, const ShortRowOperand* operands, std::byte* c, int64_t c_stride) const noexcept;

 private:
  bool fits_registers(const Problem& problem, std::span<const TileInstruction> body, FinisherOf finisher);
  // The scalar input of a form's place.
  float scalar(std::optional<size_t> input, const void* const* inputs, float absent) const noexcept;

  RowLayout layout_;
  int64_t result_bytes_ = 2;
  size_t scratch_bytes_ = 0;
  size_t bias_input_ = 0;
  DType bias_type_ = DType::kUndefined;
  int64_t bias_count_ = 0, bias_size_ = 0;  // given and wanted
  RegisterForm form_;
  FinishFn finish_fn_ = nullptr;
  std::vector<DType> types_;  // of the inputs
  std::optional<BroadcastOperand> addend_;
  std::vector<BroadcastOperand> operands_;  // of the program
  std::optional<Program> program_;
};

}  // namespace ingot::kernels::gemm
