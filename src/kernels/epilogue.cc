// The plain form of a row program: one element at a time, in double. To be replaced by tile programs (pointwise/).
#include "kernels/epilogue.h"

#include <vector>

#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

constexpr size_t kMaxValues = 64;

class PlainProgram : public RowProgram {
 public:
  PlainProgram(std::span<const TileInstruction> body, size_t operands)
      : body_(body.begin(), body.end()), operands_(operands) {}

  void run(const RowBlock& block, const RowOperand* operands) const noexcept override {
    double values[kMaxValues];
    for (int64_t r = 0; r < block.rows; ++r) {
      float* row = block.data + r * block.row_stride;
      for (int64_t c = 0; c < block.columns; ++c) {
        values[0] = row[c];
        for (size_t i = 0; i < operands_; ++i) {
          values[1 + i] = operands[i].data[r * operands[i].row_stride + c * operands[i].column_stride];
        }
        size_t next = 1 + operands_;
        for (const TileInstruction& instruction : body_)
          values[next++] = static_cast<float>(value(instruction, values));
        row[c] = static_cast<float>(values[next - 1]);
      }
    }
  }

 private:
  static double value(const TileInstruction& instruction, const double* values) {
    const double a = values[instruction.operands[0]];
    if (const auto* unary = instruction.op.as<Unary>()) return apply_unary(*unary, a);
    return apply_binary(instruction.op.as<Binary>()->fn, a, values[instruction.operands[1]]);
  }
  std::vector<TileInstruction> body_;
  size_t operands_;
};

bool works_on_floats(const TileInstruction& instruction) {
  if (const auto* unary = instruction.op.as<Unary>()) {
    return unary->fn != UnaryFn::kNot && unary->fn != UnaryFn::kBitwiseNot && unary->fn != UnaryFn::kIsNan &&
           unary->fn != UnaryFn::kIsInf;
  }
  const auto* binary = instruction.op.as<Binary>();
  return binary != nullptr && binary->fn <= BinaryFn::kSwiglu;
}

}  // namespace

const char* refuse_row_program(std::span<const TileInstruction> body, size_t operands) {
  if (body.empty()) return "the epilogue is empty";
  if (1 + operands + body.size() > kMaxValues) return "the epilogue has too many values";
  for (const TileInstruction& instruction : body) {
    if (!works_on_floats(instruction)) return "the epilogue has an operator that is not float to float";
  }
  return nullptr;
}

std::unique_ptr<RowProgram> make_row_program(std::span<const TileInstruction> body, size_t operands, IsaLevel) {
  return std::make_unique<PlainProgram>(body, operands);
}

}  // namespace ingot::kernels
