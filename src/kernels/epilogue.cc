#include "kernels/epilogue.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/pointwise/program.h"
#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

constexpr size_t kMaxValues = 64;
constexpr size_t kMaxRowOperands = 12;

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

  // A program is fast on whole blocks: short rows are put one behind the other.
  void run(const RowBlock& block, const RowOperand* operands) const noexcept override {
    if (block.rows == 1 || block.columns > kChunk / 4) {
      run_rows(block, operands);
    } else {
      run_chunks(block, operands);
    }
  }

 private:
  static constexpr int64_t kChunk = 512;  // floats

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

  void run_chunks(const RowBlock& block, const RowOperand* operands) const noexcept {
    alignas(64) float buffers[1 + kMaxRowOperands][kChunk];
    ProgramRun run(program_);
    const int64_t at_once = kChunk / block.columns;
    for (int64_t row = 0; row < block.rows; row += at_once) {
      const int64_t rows = std::min(at_once, block.rows - row), count = rows * block.columns;
      for (size_t k = 0; k + 1 < program_.inputs; ++k) {
        if (row > 0 && operands[k].row_stride == 0) continue;  // there already
        run.bind(1 + k, laid_out(operands[k], row, std::min(at_once, block.rows), rows, block.columns, buffers[1 + k]));
      }
      float* data = block.data + row * block.row_stride;
      float* sums = block.row_stride == block.columns ? data : buffers[0];
      if (sums != data) copy_rows(data, block.row_stride, rows, block.columns, sums, block.columns);
      run.bind(0, sums);
      run.bind(program_.inputs, sums);
      run.run(count);
      if (sums != data) copy_rows(sums, block.columns, rows, block.columns, data, block.row_stride);
    }
  }

  // Rows of an operand from `row` on, one behind the other; of one that is the same for all rows, `most` rows.
  static const float* laid_out(const RowOperand& operand, int64_t row, int64_t most, int64_t rows, int64_t columns,
                               float* buffer) {
    const float* data = operand.data + row * operand.row_stride;
    if (operand.row_stride == 0) rows = most;
    if (operand.column_stride == 0) {
      for (int64_t r = 0; r < rows; ++r) std::fill_n(buffer + r * columns, columns, data[r * operand.row_stride]);
      return buffer;
    }
    if (operand.row_stride == columns) return data;
    copy_rows(data, operand.row_stride, rows, columns, buffer, columns);
    return buffer;
  }

  static void copy_rows(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float* to,
                        int64_t to_stride) {
    for (int64_t r = 0; r < rows; ++r, from += from_stride, to += to_stride) {
      std::memcpy(to, from, static_cast<size_t>(columns) * sizeof(float));
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
