// The ways to run a model.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tensor/value.h"

namespace ingot::conformance {

struct Ran {
  std::vector<Value> outputs;        // in order
  size_t steps = 0, host_steps = 0;  // of the plan; those without kernels of the device
};

// Runs the model on `values`, which belong to the inputs `names`. Throws Error.
using Engine = std::function<Ran(const std::filesystem::path& model, const std::vector<std::string>& names,
                                 const std::vector<Value>& values)>;

// What users run: a plan built for `device` and run through the C interface.
Engine api_engine(const std::string& device);
// {"name", "components": as doctor lists them} of `device`, opened with the plan of any model; "reason" where it cannot
// be.
std::string device_json(const std::string& device, const std::filesystem::path& model);
// The graph before any pass, operator by operator through the evaluations: the oracle.
Engine interpreter_engine();

}  // namespace ingot::conformance
