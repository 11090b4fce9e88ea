// Elementwise code that continues on the result of a matrix kernel, row by row, while it is still in cache.
#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "base/cpu.h"
#include "ops/fused.h"

namespace ingot::kernels {

// rows x columns of f32: element (r, c) at data[r * row_stride + c].
struct RowBlock {
  float* data = nullptr;
  int64_t row_stride = 0, rows = 0, columns = 0;
};

// An operand seen beside such a block: element (r, c) at data[r * row_stride + c * column_stride]; column_stride is 0
// or 1, row_stride 0 where the operand is broadcast along rows.
struct RowOperand {
  const float* data = nullptr;
  int64_t row_stride = 0, column_stride = 0;
};

// A body of elementwise operators on f32, prepared. Immutable, used by many threads at once.
class RowProgram {
 public:
  virtual ~RowProgram() = default;
  // block(r, c) = body(block(r, c), operands[0](r, c), operands[1](r, c), ...), with a block of any size.
  virtual void run(const RowBlock& block, const RowOperand* operands) const noexcept = 0;
};

// `body` is numbered as in ops/fused.h with 1 + `operands` inputs, all f32: input 0 is the block, the others are the
// operands; its result is the value of the last instruction. Null when make_row_program takes it, else a reason.
const char* refuse_row_program(std::span<const TileInstruction> body, size_t operands);
std::unique_ptr<RowProgram> make_row_program(std::span<const TileInstruction> body, size_t operands, IsaLevel isa);

}  // namespace ingot::kernels
