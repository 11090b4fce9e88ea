// The epilogue of a step as text inside its kernel.
#pragma once
#include "kernels/cuda/strided.h"

namespace ingot::kernels::cuda {

struct InlineEpilogue {
  std::string parameters;      // ", const f16* e1, ..."
  std::vector<Slot> operands;  // in their order
  std::string loads;  // reads the operands at the position (i0, i1, ...), i of the last axis a multiple of the width
  std::string lane;   // computes `result` of lane l from the float v0
};

// `space`: axes of the result, whose positions the kernel has in i0, i1, ...; `width`: elements of the last axis per
// position. `first_operand`: the step's input that is input 1 of the body.
InlineEpilogue inline_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand,
                               const Shape& space, int64_t width, DType storage);

}  // namespace ingot::kernels::cuda
