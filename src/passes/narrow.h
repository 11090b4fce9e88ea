// Values that only repeat a narrower one.
#pragma once
#include "ir/patch.h"
#include "ops/binary.h"

namespace ingot::passes {

// Whether fn(x, constant) is x, wherever x stands first or the function commutes; `constant` is one number repeated.
bool is_neutral(BinaryFn fn, double constant);

// A value that gives `id` when broadcast: what stands under expansions and under pointwise operators one of whose
// operands changes no number but adds or widens axes (a padding mask `and` a mask that is true everywhere). New nodes
// are added to `patch`; `id` itself where nothing narrower is found.
ir::ValueId narrowed(const ir::Graph& graph, ir::Patch& patch, ir::ValueId id);

}  // namespace ingot::passes
