// The order in which the nodes of one ONNX graph can be converted.
#pragma once
#include <vector>

#include "onnx/model.h"

namespace ingot::onnx {

// Indices of `nodes`, producers first; the file's own order when that is topological already, as ONNX demands.
// Throws kInvalidModel naming a node that is part of a cycle or defines a name anew.
std::vector<size_t> node_order(const std::vector<Node>& nodes);

// The node's name, or its operator and index when it has none.
std::string node_label(const Node& node, size_t index);

}  // namespace ingot::onnx
