// EPContext nodes: compiled plans inside, or beside, an ONNX model.
#pragma once

#include "provider.h"

namespace ingot_ort {

// Whether `node` is an EPContext node that this provider wrote.
bool is_own_context(const OrtNode* node);
// The plan that `node` holds or names; a named file lies in or under the model's folder, else Failure. A plan made for
// another CPU or library is built again from the graph that it carries, with a warning that says so.
OwnedPlan read_context(Provider& provider, const OrtGraph* graph, const OrtNode* node);
// The node that stands for `fused` in the exported model; with embed mode 0 also writes the plan's file.
OrtNode* write_context(const Options& options, const OrtGraph* graph, const OrtNode* fused, const ingot_plan* plan);

}  // namespace ingot_ort
