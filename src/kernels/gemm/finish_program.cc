#include "kernels/gemm/finish_program.h"

namespace ingot::kernels::gemm {

FinisherOf finisher_of(IsaLevel isa) noexcept {
  if (isa >= IsaLevel::kAvx512) return avx512_finisher;
  return isa >= IsaLevel::kAvx2 ? avx2_finisher : nullptr;
}

std::unique_ptr<FinishProgram> FinishProgram::make(const RegisterForm& form, IsaLevel isa) {
  const FinisherOf finisher = finisher_of(isa);
  const FinishFn fn = finisher != nullptr && form.activation ? finisher(&*form.activation) : nullptr;
  return fn == nullptr ? nullptr : std::unique_ptr<FinishProgram>(new FinishProgram(form, fn));
}

FinishProgram::FinishProgram(const RegisterForm& form, FinishFn fn) {
  args_.rows_fn = fn;
  args_.activation_alpha = static_cast<float>(form.activation->alpha);
  args_.activation_beta = static_cast<float>(form.activation->beta);
  args_.addend_last = true;
  if (form.relu) args_.finish.low = 0;
  const auto add = [&](const std::optional<size_t>& input, Role role) {
    if (!input) return;
    inputs_.push_back(*input);
    roles_.push_back(role);
  };
  add(form.scale, kScale);
  add(form.shift, kShift);
  add(form.low, kLow);
  add(form.high, kHigh);
  if (form.addend_last) add(form.addend, kAddend);
}

void FinishProgram::run(const RowBlock& block, const RowOperand* operands) const noexcept {
  FinishArgs args = args_;
  for (size_t i = 0; i < roles_.size(); ++i) {
    switch (roles_[i]) {
      case kScale: args.scale = *operands[i].data; break;
      case kShift: args.shift = *operands[i].data; break;
      case kLow: args.finish.low = *operands[i].data; break;
      case kHigh: args.finish.high = *operands[i].data; break;
      case kAddend:
        args.finish.addend = operands[i].data;
        args.finish.addend_stride = operands[i].row_stride;
        break;
    }
  }
  args.sums = block.data;
  args.sums_stride = block.row_stride;
  args.rows = block.rows;
  args.columns = block.columns;
  args.finish_rows();
}

}  // namespace ingot::kernels::gemm
