// Running one case.
#pragma once
#include <string>

#include "conformance/cases.h"
#include "conformance/engine.h"

namespace ingot::conformance {

// Empty when every data set passes, else one line that says why not.
std::string run_case(const Case& each, Engine engine);

}  // namespace ingot::conformance
