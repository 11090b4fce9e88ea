// Devices and what to do without them.
#pragma once
#include "compiler/compiler.h"

namespace ingot::service {

// Replaces the device "auto" by the best one that is here, "cuda" before "cpu", with fallback turned on for
// the former. Returns why the ones before it were not taken; "" when there is nothing to say.
std::string resolve_device(compiler::BuildOptions& options);

// Whether sessions of the plan may go on without its device after this error: the plan was built with fallback, its
// device is not the CPU, and the error is the device's (absent, lost, or without a library that the plan needs) or its
// memory's.
bool may_fall_back(const plan::Plan& plan, const Error& error);
// The same plan for the CPU, in fp32, from the portable graph. Throws when the plan has none.
plan::Plan plan_for_cpu(const plan::Plan& plan);

}  // namespace ingot::service
