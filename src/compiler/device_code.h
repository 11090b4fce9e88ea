// Compiled kernels for plans for GPUs.
#pragma once
#include "plan/plan.h"

namespace ingot::compiler {

struct Architecture {
  int major = 0, minor = 0;  // compute capability
};
// "sm_90", "sm_80,sm_90"; throws kInvalidArgument.
std::vector<Architecture> parse_architectures(const std::string& text);

// Compiles the plan's own kernels, bound to the shapes it is built for (--optShapes where they are not fixed), and puts
// machine code and PTX into it; needs NVRTC and no GPU. Throws kInvalidArgument when shapes are missing, kDevice
// without libingot_cuda.so, kUnsupported without NVRTC or when it does not know an architecture.
void embed_device_code(plan::Plan& plan, const std::vector<Architecture>& architectures);

}  // namespace ingot::compiler
