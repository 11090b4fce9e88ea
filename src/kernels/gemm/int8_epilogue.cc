#include "kernels/gemm/int8_epilogue.h"

namespace ingot::kernels::gemm {
namespace {

bool is_operand_type(DType dtype) { return dtype == DType::kF32 || dtype == DType::kU8 || dtype == DType::kI8; }

size_t operand_count(const Problem& problem, size_t first_operand) {
  return problem.inputs.size() > first_operand ? problem.inputs.size() - first_operand : 0;
}

ProgramSource source_of(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand,
                        std::span<const int64_t> results, DType sums) {
  ProgramSource source{body, results, {{sums, false}}, {problem.outputs[0].dtype}, false};
  for (size_t i = first_operand; i < problem.inputs.size(); ++i) source.inputs.push_back({problem.inputs[i].dtype});
  return source;
}

}  // namespace

const char* refuse_int8_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand) {
  const size_t operands = operand_count(problem, first_operand);
  if (body.empty()) return problem.outputs[0].dtype == DType::kI32 ? nullptr : "the result is not i32";
  if (!is_operand_type(problem.outputs[0].dtype)) return "the result is neither f32 nor integers of 8 bits";
  if (operands > kMaxOperands) return "the epilogue has too many operands";
  for (size_t i = first_operand; i < problem.inputs.size(); ++i) {
    if (!is_operand_type(problem.inputs[i].dtype)) return "an operand of another type";
  }
  const int64_t result[] = {static_cast<int64_t>(operands + body.size())};
  return refuse_program(source_of(body, problem, first_operand, result, DType::kI32));
}

const char* refuse_int8_program(std::span<const TileInstruction> body, IsaLevel isa) {
  return body.empty() || machine_of(isa) != nullptr ? nullptr : "its epilogue needs vector code";
}

Int8Epilogue::Int8Epilogue(const Problem& problem, const RowLayout& layout, size_t first_operand,
                           std::span<const TileInstruction> body, IsaLevel isa, DType sums)
    : result_bytes_(dtype_bits(problem.outputs[0].dtype) / 8) {
  if (body.empty()) return;
  for (size_t i = first_operand; i < problem.inputs.size(); ++i)
    operands_.emplace_back(problem, i, layout, scratch_bytes_);
  const int64_t result[] = {static_cast<int64_t>(operands_.size() + body.size())};
  ProgramSource source = source_of(body, problem, first_operand, result, sums);
  for (size_t i = 0; i < operands_.size(); ++i) {
    if (!operands_[i].same_for_columns()) continue;
    source.inputs[1 + i] = {DType::kF32, operands_[i].same_for_rows()};  // widened where it is spread
  }
  program_ = compile_program(source, *machine_of(isa));
}

void Int8Epilogue::prepare(const void* const* inputs, std::byte* scratch) const noexcept {
  for (const BroadcastOperand& operand : operands_) operand.prepare(inputs, scratch);
}

void Int8Epilogue::fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
                        Operands& operands) const noexcept {
  for (size_t i = 0; i < operands_.size(); ++i) operands[i] = operands_[i].at(inputs, scratch, index, column);
}

void Int8Epilogue::finish(const void* sums, int64_t sums_stride, int64_t first_row, int64_t rows, int64_t first_column,
                          int64_t columns, const Operands& operands, std::byte* c, int64_t c_stride) const noexcept {
  Operands seen;
  for (size_t i = 0; i < operands_.size(); ++i) seen[i] = from_row(operands[i], first_row, first_column);
  run_on_short_rows(*program_, {sums, sums_stride, c, c_stride, result_bytes_, rows, columns}, seen.data());
}

}  // namespace ingot::kernels::gemm
