// Inference after a value has given way to one of which more is known.
#pragma once
#include "ir/graph.h"

namespace ingot::ir {

// Infers again what reads `values`, what reads those results, and so on as long as facts change; nodes that change
// are replaced. Sizes that were named and are now known otherwise are so in operators' fields too. Stops where an
// operator no longer takes its operands, as may be in a branch that is never taken.
void infer_again(Graph& graph, const std::vector<ValueId>& values);
// The same from a node on whose bodies have changed, if that tells the rank of a result that had none.
void infer_node_again(Graph& graph, NodeId id);

}  // namespace ingot::ir
