// Convolutions one after the other, ops/chain. Where more lies between them than caches near the cores hold, by bands
// of lines: a few lines of the result at a time, each member first computing the lines that the next one then needs.
// Only as many lines as the next member reads at once are kept, in a ring that stays in L2. Else as the members alone.
//
// Inputs: 0 x, then for every member in turn its weights (constant, packed as the member alone would be), bias (may be
// absent) and epilogue operands. f32, channels-last, two spatial axes; each member a depthwise convolution or one in
// narrow groups as depthwise/ has them, a 1x1 convolution, or, first only, any convolution in one group. Threads take
// lines of the result, and each computes what it needs between: equal bits at every thread count, and the same bits as
// the members give alone.
//
// Squeeze and excite, the mean over an image's pixels and 1x1 convolutions of that one pixel, always runs member by
// member.
#pragma once
#include <array>

#include "kernels/depthwise/segment.h"
#include "kernels/gemm/blocked.h"
#include "kernels/kernel.h"
#include "ops/chain.h"

namespace ingot::kernels::chain {

inline constexpr size_t kMaxMembers = 8;

// What a row multiplies and slides with.
struct Parts {
  IsaLevel isa;
  std::span<const gemm::TileSet* const> tiles;
  const depthwise::SegmentSet& segments;
};
// Those that multiply by weights of that shape fastest.
const gemm::TileSet& tiles_for(const Parts& parts, const Shape& weights);

// Member `index` as a problem of its own; what is between has sizes of -1 where those of the input are not known.
Problem member_problem(const Problem& problem, size_t index);
// Whether a member runs as depthwise/ does, not as a product.
bool slides(const Op& member);
const char* refuse_chain(const Parts& parts, const Problem& problem);

// Inputs of a member, by its own numbers: operands of `member` in `args`, the first left null.
using MemberInputs = std::array<const void*, 3 + gemm::kMaxOperands>;
MemberInputs member_inputs(const TileInstruction& member, const RunArgs& args) noexcept;

std::unique_ptr<BoundKernel> bind_bands(const Parts& parts, const Problem& problem, const Target& target);
std::unique_ptr<BoundKernel> bind_sequence(const Parts& parts, const Problem& problem, const Target& target);

}  // namespace ingot::kernels::chain
