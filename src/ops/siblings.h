// Independent products and convolutions of one input, run as one step: the query, key and value of attention, the gate
// beside the up projection, the 1x1 branches of an inception block.
#pragma once
#include "ops/fused.h"
#include "ops/op.h"

namespace ingot {

// Member i is a MatMul or Conv whose operands are inputs of the node by number; its operand 0 is the node's input 0,
// which all share. Output i is its result.
struct Siblings {
  std::vector<TileInstruction> members;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("members", &Siblings::members)); }
};

// Null when every member is as described above for a node of `inputs` inputs, else a static reason.
const char* refuse_members(const Siblings& siblings, size_t inputs);

}  // namespace ingot
