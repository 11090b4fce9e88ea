#include "kernels/epilogue.h"

#include <algorithm>
#include <vector>

#include "kernels/pointwise/short_rows.h"
#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

constexpr size_t kMaxValues = 64;

ProgramSource source_of(std::span<const TileInstruction> body, size_t operands, std::span<const int64_t> results) {
  return {body, results, std::vector<ProgramInput>(1 + operands), {DType::kF32}, false};
}

// For machines without vectors: one element at a time, in double.
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

class TileRowProgram : public RowProgram {
 public:
  TileRowProgram(const ProgramSource& source, const Machine& machine) : program_(compile_program(source, machine)) {}

  void run(const RowBlock& block, const RowOperand* operands) const noexcept override {
    if (block.rows == 1 || block.columns > kShortRow) return run_rows(block, operands);
    ShortRowOperand seen[kMaxRowOperands];
    for (size_t k = 0; k + 1 < program_.inputs; ++k) {
      seen[k] = {reinterpret_cast<const std::byte*>(operands[k].data), DType::kF32, operands[k].row_stride,
                 operands[k].column_stride};
    }
    run_on_short_rows(program_,
                      {block.data, block.row_stride, reinterpret_cast<std::byte*>(block.data), block.row_stride,
                       sizeof(float), block.rows, block.columns},
                      seen);
  }

 private:
  void run_rows(const RowBlock& block, const RowOperand* operands) const noexcept {
    const size_t operand_count = program_.inputs - 1;
    alignas(64) float same[kMaxRowOperands][kMaxBlock];
    ProgramRun run(program_);
    for (int64_t r = 0; r < block.rows; ++r) {
      for (size_t k = 0; k < operand_count; ++k) {
        const float* data = operands[k].data + r * operands[k].row_stride;
        if (operands[k].column_stride != 0) {
          run.bind(1 + k, data);
        } else if (r == 0 || operands[k].row_stride != 0) {
          std::fill_n(same[k], kMaxBlock, *data);
          run.bind_block(1 + k, same[k]);
        }
      }
      float* row = block.data + r * block.row_stride;
      run.bind(0, row);
      run.bind(program_.inputs, row);
      run.run(block.columns);
    }
  }

  Program program_;
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
  if (operands > kMaxRowOperands) return "the epilogue has too many operands";
  for (const TileInstruction& instruction : body) {
    if (!works_on_floats(instruction)) return "the epilogue has an operator that is not float to float";
  }
  const int64_t result[] = {static_cast<int64_t>(operands + body.size())};
  return refuse_program(source_of(body, operands, result));
}

std::unique_ptr<RowProgram> make_row_program(std::span<const TileInstruction> body, size_t operands, IsaLevel isa) {
  const int64_t result[] = {static_cast<int64_t>(operands + body.size())};
  if (const Machine* machine = machine_of(isa)) {
    return std::make_unique<TileRowProgram>(source_of(body, operands, result), *machine);
  }
  return std::make_unique<PlainProgram>(body, operands);
}

}  // namespace ingot::kernels
