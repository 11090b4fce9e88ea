// Products and convolutions of one input, ops/siblings: the columns of every member's weights are panels of one blocked
// product, whose rows are read once and shared out once; each member writes its own result through its own epilogue.
//
// Inputs: 0 x, then for every member in turn its weights (constant, packed as the member alone would be), bias (may be
// absent) and epilogue operands. f32; convolutions channels-last in one group with equal windows. Equal bits at every
// thread count, and the same bits as the members give alone.
#pragma once
#include "kernels/gemm/panels.h"
#include "kernels/kernel.h"
#include "ops/siblings.h"

namespace ingot::kernels::siblings {

// Member `index` as a problem of its own.
Problem member_problem(const Problem& problem, size_t index);
// Which member's weights `input` is; empty when it is something else.
std::optional<size_t> member_of_weights(const Problem& problem, size_t input);
const char* refuse_siblings(const Problem& problem);
std::unique_ptr<BoundKernel> bind_siblings(const gemm::TileSet& tiles, IsaLevel isa, const Problem& problem,
                                           const Target& target);

}  // namespace ingot::kernels::siblings
