// The sources that an accelerator compiles for a plan.
#pragma once
#include <string>
#include <vector>

#include "plan/plan.h"

namespace ingot::runtime {

// Of a plan for a GPU bound to these input shapes, in order; on the null device, and no constant is read. Those of
// convolutions taken apart are among them, whether or not a device will need them. Throws kInvalidArgument when the
// shapes do not fit.
std::vector<std::string> device_sources(const plan::Plan& plan, std::span<const Shape> input_shapes);

}  // namespace ingot::runtime
