// Writes the graph that ONNX Runtime gives a provider back as an ONNX model.
#pragma once

#include <string>

#include "ort_api.h"

namespace ingot_ort {

// The bytes of a model with the graph's own inputs, outputs and constant weights. Throws Failure for what the C
// interface cannot tell or the plugin does not carry: strings as constants, inputs or outputs that are no tensors.
std::string write_model(const OrtGraph* graph);

}  // namespace ingot_ort
