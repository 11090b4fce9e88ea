// What a plan does and why: the model's nodes, the steps they became, the kernel of each step, the kernels that lost or
// refused, and how far each step is from what the machine can do.
#pragma once
#include "base/progress.h"
#include "runtime/session.h"

namespace ingot::debug {

// JSON; members that nothing is known of are left out. Times in nanoseconds.
//   "model","target":{"isa","cpu","threads"},"device","precision"
//   "counts": {"onnx_nodes", "operators_before_fusion", "launches_before_fusion", "steps", "kernels", "evaluations",
//              "views", "launches", "transposes", "layout_conversions", "casts"}
//   "machine": {"gflops","bf16_gflops","bandwidth":[{"bytes","gbps"}…]}     when timed
//   "tf32": whether f32 products on a device may be in TF32
//   "total_ns": median of whole runs
//   "steps": [{"step","operator","text","problem","nodes","kind","kernel"|"reason","chosen_by","results":["f32[1,8]"…],
//              "flops","bytes","estimated_ns","median_ns","least_ns","gflops","gbps","bound","roofline",
//              "candidates":[{"kernel","family","estimated_ns"|"refused","chosen"}…]}…]
//
// `inputs` in the session's order give the shapes; with `rounds` > 0 the plan is run that many times (and twice
// before) and the steps are timed: those on a device one by one, by its clock, against the device's best rates. A step
// that another one does along has no time there, nor has one of the host. Throws what a run throws.
std::string explain(runtime::Session& session, std::span<const Value> inputs, int rounds,
                    const Progress& progress = {});

}  // namespace ingot::debug
