// What a register form leaves to do once a tile has added bias and addend: activation, scale, shift, an addend after
// them, clamping. By the functions of gemm/finish.h on f32 in place, while the rows are in L1.
#pragma once
#include "kernels/epilogue.h"
#include "kernels/gemm/finish.h"
#include "kernels/gemm/register_form.h"

namespace ingot::kernels::gemm {

class FinishProgram final : public RowProgram {
 public:
  // Null when the level has no function for the form's activation.
  static std::unique_ptr<FinishProgram> make(const RegisterForm& form, IsaLevel isa);
  // The inputs that the operands of `run` show, in their order.
  const std::vector<size_t>& inputs() const { return inputs_; }
  void run(const RowBlock& block, const RowOperand* operands) const noexcept override;

 private:
  enum Role : uint8_t { kScale, kShift, kLow, kHigh, kAddend };

  FinishProgram(const RegisterForm& form, FinishFn fn);

  FinishArgs args_;  // but for what is known at run
  std::vector<size_t> inputs_;
  std::vector<Role> roles_;  // of each input
};

}  // namespace ingot::kernels::gemm
