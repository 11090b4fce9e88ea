// Bodies of control flow, seen from the operator that runs them.
#pragma once
#include <functional>

#include "ir/graph.h"

namespace ingot::ir {

// An operator with the trait kControlFlow names its bodies in integer fields called "body" or "..._body"; a negative
// index stands for no body. In the order of the fields.
std::vector<int64_t> body_indices(const Op& op);
// The same operator with every (non-negative) index replaced.
Op with_body_indices(const Op& op, const std::function<int64_t(int64_t)>& rename);

// Adds the nodes of `body` to `into`, `inputs` standing for its inputs; bodies nested in it move along. Returns the
// ids of its outputs. New nodes carry `origin` besides their own.
std::vector<ValueId> inline_body(Graph& into, Graph body, const std::vector<ValueId>& inputs, const Origin& origin);

// Empties the bodies that no live node runs, as inlining leaves them; indices stay.
void empty_unused_bodies(Graph& graph);

}  // namespace ingot::ir
