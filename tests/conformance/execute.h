// Running one case.
#pragma once
#include <string>

#include "conformance/cases.h"
#include "onnx/model.h"

namespace ingot::conformance {

// Outputs of the model by name in the order of the graph's outputs. `inputs` belong to the names in `names`.
// The one place that knows how ingot is called.
std::vector<Value> execute(const onnx::Model& model, const std::vector<std::string>& names, std::vector<Value> inputs);

// Empty when every data set passes, else one line that says why not.
std::string run_case(const Case& each);

}  // namespace ingot::conformance
