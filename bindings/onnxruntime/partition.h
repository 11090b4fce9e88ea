// Which nodes of a graph go together when not all of them can.
#pragma once

#include <cstddef>
#include <vector>

namespace ingot_ort {

// Splits the `supported` nodes into convex parts: no path between two nodes of a part leaves it, and what is left with
// the parts as single nodes has no cycle. As few parts as that allows, in an order in which they can run.
// `reads[i]`: the nodes whose values node i reads, all of them before i.
std::vector<std::vector<size_t>> convex_parts(const std::vector<std::vector<size_t>>& reads,
                                              const std::vector<bool>& supported);

}  // namespace ingot_ort
