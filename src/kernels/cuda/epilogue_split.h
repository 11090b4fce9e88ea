// How much of an epilogue a library's matrix kernel takes.
#pragma once
#include "kernels/cuda/strided.h"

namespace ingot::kernels::cuda {

struct EpilogueSplit {
  int64_t residual = -1;  // operand of the step that is added first; -1: none
  device::Activation activation = device::Activation::kNone;
  bool whole = true;  // false: the library takes nothing and the body runs as a kernel of its own
};

// `first_operand`: the step's input that is input 1 of the body. `activations`: those that the library has. In 16 bits
// GELU is taken by its approximation with tanh, which is off by at most 5e-4, the rounding of f16 at 1.
EpilogueSplit split_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand,
                             std::span<const device::Activation> activations, DType storage);
// The body as a kernel on output 0 of the step, in place.
Call epilogue_call(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand, DType storage);

}  // namespace ingot::kernels::cuda
