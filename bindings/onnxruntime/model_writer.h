// Writes the graph that ONNX Runtime gives a provider back as an ONNX model.
#pragma once

#include <string>
#include <vector>

#include "ort_api.h"

namespace ingot_ort {

// The bytes of a model with the graph's own inputs, outputs and constant weights. Throws Failure for what the C
// interface cannot tell or the plugin does not carry: strings as constants, inputs or outputs that are no tensors.
std::string write_model(const OrtGraph* graph);
// A model of `nodes` of `graph` alone, in topological order; all that they make is an output.
std::string write_part(const OrtGraph* graph, const std::vector<const OrtNode*>& nodes);

}  // namespace ingot_ort
