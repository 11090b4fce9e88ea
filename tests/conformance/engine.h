// The ways to run a model.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/value.h"

namespace ingot::conformance {

// Runs the model on `values`, which belong to the inputs `names`; returns its outputs in order. Throws Error.
using Engine = std::vector<Value> (*)(const std::filesystem::path& model, const std::vector<std::string>& names,
                                      const std::vector<Value>& values);

// What users run: a plan built and run through the C interface.
std::vector<Value> run_api(const std::filesystem::path& model, const std::vector<std::string>& names,
                           const std::vector<Value>& values);
// The graph before any pass, operator by operator through the evaluations: the oracle.
std::vector<Value> run_interpreter(const std::filesystem::path& model, const std::vector<std::string>& names,
                                   const std::vector<Value>& values);

}  // namespace ingot::conformance
