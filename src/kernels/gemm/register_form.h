// Epilogues in the form that tiles apply without a program.
#pragma once
#include <optional>

#include "kernels/kernel.h"
#include "ops/fused.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {

// An epilogue that tiles apply in registers: [add an operand] [relu, or max with a scalar] [min with a scalar], each on
// the result of the one before; and for tiles with activations
// [add an operand] [activation] [mul by a scalar] [add a scalar] [add an operand] [relu, or max] [min]
// with one added operand in all. The members are numbers of inputs.
struct RegisterForm {
  std::optional<size_t> addend, low, high;
  bool relu = false;
  std::optional<Unary> activation;
  std::optional<size_t> scale, shift;
  bool addend_last = false;  // added after the activation

  bool plain() const { return !activation && !scale && !shift; }
};
// Empty when the epilogue, whose operands are the inputs from `first_operand` on, has no such form.
std::optional<RegisterForm> register_form(const Problem& problem, std::span<const TileInstruction> body,
                                          size_t first_operand);

}  // namespace ingot::kernels::gemm
