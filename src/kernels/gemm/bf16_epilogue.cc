#include "kernels/gemm/bf16_epilogue.h"

#include <algorithm>

#include "base/checked.h"
#include "base/error.h"
#include "ops/cast.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {
namespace {

bool is_bf16_or_f32(DType dtype) { return dtype == DType::kBF16 || dtype == DType::kF32; }

size_t operand_count(const Problem& problem, size_t bias_input) {
  return problem.inputs.size() > bias_input + 1 ? problem.inputs.size() - bias_input - 1 : 0;
}

bool is_relu(std::span<const TileInstruction> body) {
  const auto* unary = body.size() == 1 ? body[0].op.as<Unary>() : nullptr;
  return unary != nullptr && unary->fn == UnaryFn::kRelu && body[0].operands[0] == 0;
}

// The sums are an input of f32; what a program computes stays f32 until it is stored.
ProgramSource source_of(std::span<const TileInstruction> body, const Problem& problem, size_t bias_input,
                        std::span<const int64_t> results) {
  ProgramSource source{body, results, {{DType::kF32, false}}, {problem.outputs[0].dtype}, false};
  for (size_t i = bias_input + 1; i < problem.inputs.size(); ++i) source.inputs.push_back({problem.inputs[i].dtype});
  return source;
}

const char* refuse_bias(const Operand& bias) {
  if (!is_bf16_or_f32(bias.dtype)) return "a bias of another type";
  for (size_t axis = 0; axis + 1 < bias.shape.size(); ++axis) {
    if (bias.shape[axis] != 1) return "a bias that is not the same for every row";
  }
  return nullptr;
}

}  // namespace

const char* refuse_bf16_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t bias_input) {
  if (!is_bf16_or_f32(problem.outputs[0].dtype)) return "the result is neither bf16 nor f32";
  if (has_input(problem, bias_input)) {
    if (const char* reason = refuse_bias(problem.inputs[bias_input])) return reason;
  }
  const size_t operands = operand_count(problem, bias_input);
  if (operands > kMaxOperands) return "the epilogue has too many operands";
  for (size_t i = bias_input + 1; i < problem.inputs.size(); ++i) {
    if (!problem.inputs[i].present() || !is_bf16_or_f32(problem.inputs[i].dtype)) return "an operand of another type";
  }
  if (body.empty()) return problem.outputs[0].dtype == DType::kBF16 ? nullptr : "the result is not bf16";
  const int64_t result[] = {static_cast<int64_t>(operands + body.size())};
  return refuse_program(source_of(body, problem, bias_input, result));
}

const char* refuse_bf16_program(std::span<const TileInstruction> body, IsaLevel isa) {
  return body.empty() || is_relu(body) || machine_of(isa) != nullptr ? nullptr : "its epilogue needs vector code";
}

bool may_replace_bf16_operand(const Problem& problem, size_t input) {
  constexpr size_t kBias = 2;
  const kernels::Operand &operand = problem.inputs[input], &result = problem.outputs[0];
  return input > kBias && operand.dtype == result.dtype && operand.shape == result.shape;
}

Bf16Epilogue::Bf16Epilogue(const Problem& problem, RowLayout layout, size_t bias_input,
                           std::span<const TileInstruction> body, IsaLevel isa, FinisherOf finisher)
    : layout_(std::move(layout)), bias_input_(bias_input) {
  result_bytes_ = dtype_bits(problem.outputs[0].dtype) / 8;
  if (has_input(problem, bias_input)) {
    const kernels::Operand& bias = problem.inputs[bias_input];
    bias_type_ = bias.dtype;
    bias_count_ = element_count(bias.shape);
    bias_size_ = layout_.result.back();
    if (bias_count_ != bias_size_ && bias_count_ != 1) {
      fail(Code::kInvalidArgument, "a bias of {} for rows of {}", shape_text(bias.shape), bias_size_);
    }
    scratch_bytes_ = static_cast<size_t>(round_up(bias_size_ * 4, 64));
  }
  for (const auto& input : problem.inputs) types_.push_back(input.dtype);
  finish_fn_ = finisher(nullptr);
  if (body.empty() || fits_registers(problem, body, finisher)) return;
  for (size_t input = bias_input + 1; input < problem.inputs.size(); ++input) {
    operands_.emplace_back(problem, input, layout_, scratch_bytes_);
  }
  const int64_t result[] = {static_cast<int64_t>(operands_.size() + body.size())};
  ProgramSource source = source_of(body, problem, bias_input, result);
  for (size_t i = 0; i < operands_.size(); ++i) {
    if (operands_[i].same_for_columns()) source.inputs[1 + i].dtype = DType::kF32;  // widened when bound
  }
  program_ = compile_program(source, *machine_of(isa));
}

bool Bf16Epilogue::fits_registers(const Problem& problem, std::span<const TileInstruction> body, FinisherOf finisher) {
  const auto form = register_form(problem, body, bias_input_ + 1);
  if (!form || (form->addend && problem.inputs[*form->addend].dtype != DType::kBF16)) return false;
  const FinishFn function = finisher(form->activation ? &*form->activation : nullptr);
  if (function == nullptr) return false;
  finish_fn_ = function;
  form_ = *form;
  if (form_.addend) addend_.emplace(problem, *form_.addend, layout_, scratch_bytes_, true);
  return true;
}

void Bf16Epilogue::describe(const Bf16Product& product, int64_t row, int64_t column, int64_t c_stride,
                            FinishArgs& args) const noexcept {
  args.rows_fn = finish_fn_;
  if (form_.activation) {
    args.activation_alpha = static_cast<float>(form_.activation->alpha);
    args.activation_beta = static_cast<float>(form_.activation->beta);
  }
  args.scale = product.scale;
  args.shift = product.shift;
  args.addend_last = form_.addend_last;
  args.c_stride = c_stride;
  args.finish = product.finish;
  if (args.finish.bias != nullptr) args.finish.bias += column;
  if (product.addend.at != nullptr) {
    args.addend = {product.addend.at + row * product.addend.stride + column, product.addend.stride};
  }
  if (program_) return;
  const int64_t at = row * c_stride + column;
  if (result_bytes_ == 2) {
    args.narrow = reinterpret_cast<uint16_t*>(product.c) + at;
  } else {
    args.wide = reinterpret_cast<float*>(product.c) + at;
  }
}

float Bf16Epilogue::scalar(std::optional<size_t> input, const void* const* inputs, float absent) const noexcept {
  return input ? splat_value(types_[*input], inputs[*input]) : absent;
}

void Bf16Epilogue::prepare(const void* const* inputs, std::byte* scratch) const noexcept {
  if (bias_type_ != DType::kUndefined) {
    const auto* from = static_cast<const std::byte*>(inputs[bias_input_]);
    const int64_t bytes = dtype_bits(bias_type_) / 8, step = bias_count_ == 1 ? 0 : bytes;
    auto* to = reinterpret_cast<float*>(scratch);
    for (int64_t i = 0; i < bias_size_; ++i) to[i] = splat_value(bias_type_, from + i * step);
  }
  if (addend_) addend_->prepare(inputs, scratch);
  for (const BroadcastOperand& operand : operands_) operand.prepare(inputs, scratch);
}

void Bf16Epilogue::fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
                        Bf16Product& product) const noexcept {
  if (bias_type_ != DType::kUndefined) product.finish.bias = reinterpret_cast<const float*>(scratch) + column;
  if (form_.relu) product.finish.low = 0;
  product.finish.low = scalar(form_.low, inputs, product.finish.low);
  product.finish.high = scalar(form_.high, inputs, product.finish.high);
  product.scale = scalar(form_.scale, inputs, 1);
  product.shift = scalar(form_.shift, inputs, 0);
  if (addend_) {
    const ShortRowOperand addend = addend_->at(inputs, scratch, index, column);
    product.addend = {reinterpret_cast<const uint16_t*>(addend.data), addend.row_stride};
  }
  for (size_t i = 0; i < operands_.size(); ++i) {
    product.operands[i] = operands_[i].at(inputs, scratch, index, column);
  }
}

void Bf16Epilogue::finish_rows(const float* sums, int64_t sums_stride, int64_t first_row, int64_t rows,
                               int64_t first_column, int64_t columns, const ShortRowOperand* operands, std::byte* c,
                               int64_t c_stride) const noexcept {
  ShortRowOperand seen[kMaxOperands];
  for (size_t i = 0; i < operands_.size(); ++i) seen[i] = from_row(operands[i], first_row, first_column);
  run_on_short_rows(*program_, {sums, sums_stride, c, c_stride, result_bytes_, rows, columns}, seen);
}

}  // namespace ingot::kernels::gemm
