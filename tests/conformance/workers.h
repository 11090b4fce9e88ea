// Runs cases in child processes, so that a crash or a hang costs one case.
#pragma once
#include <functional>
#include <string>

#include "conformance/cases.h"
#include "conformance/engine.h"

namespace ingot::conformance {

struct Outcome {
  bool done = false;
  std::string reason;  // empty: passed
  double seconds = 0;
};

// One outcome per case. `report` is called after each, on the calling thread.
std::vector<Outcome> run_cases(const std::vector<Case>& cases, Engine engine, size_t processes, double timeout_seconds,
                               const std::function<void(size_t done)>& report);

}  // namespace ingot::conformance
