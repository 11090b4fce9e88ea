// Graphs as bytes: the portable section of a plan. Constants go to a table of the caller's.
#pragma once
#include <functional>

#include "base/bytes.h"
#include "ir/graph.h"

namespace ingot::ir {

// Bumped when the layout changes; readers keep reading older ones.
inline constexpr uint32_t kGraphVersion = 1;

// `intern` stores a constant and returns its index.
void write_graph(ByteWriter& writer, const Graph& graph, const std::function<uint32_t(const Tensor&)>& intern);
// Rebuilds node by node, inferring each: what comes out is typed, or an Error. `constant` gives the table's entry and
// throws when out of range.
Graph read_graph(ByteReader& reader, const std::function<Tensor(uint32_t)>& constant);

}  // namespace ingot::ir
