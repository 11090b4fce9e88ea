// Control flow on ONNX Runtime before 1.27. There a fused node is not given what only bodies of its nodes read, and
// bodies are placed before the graph around them is known. So an If or Loop whose bodies read anything from around it
// is not fused: ONNX Runtime's own kernel runs it under this provider's name, and each body is a graph of its own, from
// which this provider takes its parts.
#pragma once

#include "graph_view.h"

namespace ingot_ort {

bool runs_bodies_apart(const OrtNode* node);

// Whether the nodes of `graph`, a body, come to the provider with the node around it: its parts are not to be taken.
// `bodies_apart`: whether there are nodes that run bodies apart.
bool comes_with_its_node(const OrtGraph* graph, bool bodies_apart);

// The kernels, for OrtEp::GetKernelRegistry. Owned by the library, made once.
const OrtKernelRegistry* control_flow_kernels();

}  // namespace ingot_ort
