// Elementwise code over operands of any strides: the generator of pointwise and data-moving kernels.
#pragma once
#include "kernels/cuda/device_row.h"
#include "kernels/cuda/moved.h"
#include "ops/fused.h"

namespace ingot::kernels::cuda {

// Where an operand's element for position (i0, i1, ...) of the iteration space lies: base + sum of i * stride, in
// memory or, for an input that was moved, in its own row-major order.
struct StridedOperand {
  DType stored = DType::kF32;
  std::vector<int64_t> strides;  // one per axis of the space
  int64_t base = 0;
  Moved moved;
};

// C++ of where the element lies.
std::string offset_expression(const std::vector<int64_t>& strides, int64_t base);
// Broadcast to `space` by NumPy's rule.
StridedOperand broadcast_operand(DType stored, const Shape& shape, const Shape& space);

// outputs[i] = value results[i] of `body` on the inputs, numbered as in ops/fused.h, at every position of `space`.
// Parameters: the inputs, then the outputs. Vectors of 16 bytes where strides allow.
KernelText strided_kernel(const Shape& space, std::span<const StridedOperand> inputs,
                          std::span<const StridedOperand> outputs, std::span<const TileInstruction> body,
                          std::span<const int64_t> results);

// Null when the body can be printed, else a reason.
const char* refuse_body(std::span<const TileInstruction> body);
// Whether a function has an expression for integers; other operators take them.
bool takes_integers(const Op& op);
// C++ of an instruction on the values named by `operands`; `type` becomes its type (f32, i64 or bool).
std::string expression(const Op& op, std::span<const std::string> operands, std::span<const DType> types, DType& type);
// C++ of a body, a line behind `indent` for every instruction, on values named and typed so far; its own are added.
std::string body_lines(std::span<const TileInstruction> body, const char* indent, std::vector<std::string>& names,
                       std::vector<DType>& types);

}  // namespace ingot::kernels::cuda
