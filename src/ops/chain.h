// Convolutions one after the other, run as one step that keeps what lies between them in cache: a depthwise convolution
// with the 1x1 expansion before it and the 1x1 projection after it, or squeeze and excite: the mean over an image and
// two 1x1 convolutions of it.
#pragma once
#include "ops/fused.h"
#include "ops/op.h"

namespace ingot {

// Every member is a Conv; the first may be a Reduce without axes as an input. Operand 0 of the first is the node's
// input 0, that of each other the result of the member before (numbered as in ops/fused.h); further operands are inputs
// of the node. The result is the last member's.
struct Chain {
  std::vector<TileInstruction> members;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("members", &Chain::members)); }
};

// Null when every member is as described above for a node of `inputs` inputs, else a static reason.
const char* refuse_members(const Chain& chain, size_t inputs);

}  // namespace ingot
