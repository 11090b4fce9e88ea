// Runs cases in child processes, so that a crash or a hang costs one case.
#pragma once
#include <functional>
#include <string>

#include "conformance/cases.h"
#include "conformance/execute.h"

namespace ingot::conformance {

// `seconds` counts from when a process is given the case. A process whose device failed ends: what is lost is lost for
// all of it.
// One outcome per case. `report` is called after each, on the calling thread.
std::vector<Outcome> run_cases(const std::vector<Case>& cases, const Engine& engine, size_t processes,
                               double timeout_seconds, const std::function<void(size_t done)>& report);

}  // namespace ingot::conformance
