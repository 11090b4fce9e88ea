#include "kernels/gemm/bound_epilogue.h"

#include "kernels/gemm/finish_program.h"
#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {

const char* refuse_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand) {
  const size_t operands = problem.inputs.size() > first_operand ? problem.inputs.size() - first_operand : 0;
  if (operands > kMaxOperands) return "the epilogue has too many operands";
  for (const auto& input : problem.inputs) {
    if (input.present() && input.dtype != DType::kF32) return "an input is not f32";
  }
  return body.empty() ? nullptr : refuse_row_program(body, operands);
}

std::string epilogue_text(std::span<const TileInstruction> body) {
  std::string text;
  for (const TileInstruction& instruction : body) {
    text += " +";
    if (const auto* unary = instruction.op.as<Unary>()) {
      text += EnumNames<UnaryFn>::kNames[static_cast<size_t>(unary->fn)];
    } else if (const auto* binary = instruction.op.as<Binary>()) {
      text += EnumNames<BinaryFn>::kNames[static_cast<size_t>(binary->fn)];
    } else {
      text += instruction.op.name();
    }
  }
  return text;
}

BoundEpilogue::BoundEpilogue(const Problem& problem, RowLayout layout, size_t bias_input,
                             std::span<const TileInstruction> body, size_t first_operand, IsaLevel isa,
                             bool in_registers)
    : layout_(std::move(layout)) {
  if (has_input(problem, bias_input)) {
    bias_ = bind_operand(problem, bias_input, true);
  }
  if (body.empty() || (in_registers && fits_registers(problem, body, first_operand, isa))) return;
  for (size_t input = first_operand; input < problem.inputs.size(); ++input) {
    operands_.push_back(bind_operand(problem, input, false));
  }
  program_ = make_row_program(body, operands_.size(), isa);
}

bool BoundEpilogue::fits_registers(const Problem& problem, std::span<const TileInstruction> body, size_t first_operand,
                                   IsaLevel isa) {
  const auto form = register_form(problem, body, first_operand);
  if (!form) return false;
  if (form->plain()) {
    form_ = *form;
  } else if (auto program = FinishProgram::make(*form, isa)) {
    for (const size_t input : program->inputs())
      operands_.push_back(bind_operand(problem, input, input == form->addend));
    program_ = std::move(program);
  } else {
    return false;
  }
  if (form->addend && !form->addend_last) addend_ = bind_operand(problem, *form->addend, true);
  return true;
}

BroadcastOperand BoundEpilogue::bind_operand(const Problem& problem, size_t input, bool column_vector) {
  return {problem, input, layout_, scratch_bytes_, column_vector};
}

void BoundEpilogue::prepare(const void* const* inputs, std::byte* scratch) const noexcept {
  if (bias_) bias_->prepare(inputs, scratch);
  if (addend_) addend_->prepare(inputs, scratch);
  for (const BroadcastOperand& operand : operands_) operand.prepare(inputs, scratch);
}

void BoundEpilogue::fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
                         Product& product) const noexcept {
  const auto at = [&](const BroadcastOperand& operand) -> RowOperand {
    const ShortRowOperand found = operand.at(inputs, scratch, index, column);
    return {reinterpret_cast<const float*>(found.data), found.row_stride, found.column_stride};
  };
  TileFinish& finish = product.finish;
  if (bias_) {
    const RowOperand bias = at(*bias_);
    finish.bias = bias.data;
    finish.bias_stride = bias.row_stride;
  }
  if (addend_) {
    const RowOperand addend = at(*addend_);
    finish.addend = addend.data;
    finish.addend_stride = addend.row_stride;
  }
  if (form_.relu) finish.low = 0;
  if (form_.low) finish.low = *static_cast<const float*>(inputs[*form_.low]);
  if (form_.high) finish.high = *static_cast<const float*>(inputs[*form_.high]);
  for (size_t i = 0; i < operands_.size(); ++i) product.operands[i] = at(operands_[i]);
}

}  // namespace ingot::kernels::gemm
