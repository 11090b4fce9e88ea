// Which nodes of a model Ingot takes.
#pragma once

#include "provider.h"

namespace ingot_ort {

// Tells ONNX Runtime what `provider` takes of `graph`: its own EPContext nodes; else the whole model; else, with a
// warning that says why, the largest convex parts that can be compiled. Bodies go with the node that they belong to.
void place(Provider& provider, const OrtGraph* graph, OrtEpGraphSupportInfo* support);

}  // namespace ingot_ort
