// Whether a plan for an accelerator is worth its steps on the host: estimates of one run there and on the CPU alone.
#pragma once
#include "kernels/kernel.h"
#include "plan/plan.h"

namespace ingot::service {

// Milliseconds, from work, bytes and the kernels' own costs. Sizes that a run decides count as kSupposedSize.
struct Placement {
  double cpu = 0;         // all steps on `host`
  double device = 0;      // as the plan has them
  double transfers = 0;   // of `device`: what steps on the host fetch and send
  size_t host_steps = 0;  // of those, with tensors to fetch or send
  // By a clear margin, and only where steps run on the host.
  bool prefers_cpu() const;
};
inline constexpr int64_t kSupposedSize = 64;

// Of the main program of a plan for an accelerator.
Placement estimate_placement(const plan::Plan& plan, const kernels::Target& host);

}  // namespace ingot::service
