// The order of the passes.
#pragma once
#include "passes/pass.h"

namespace ingot::passes {

// Simplification that holds for every target; what comes out is the portable graph of a plan.
std::vector<Stage> portable_stages();
// Fusion and layout for one target (PassOptions::target).
std::vector<Stage> target_stages();

}  // namespace ingot::passes
