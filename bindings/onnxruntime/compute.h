// One fused node: an Ingot session behind ONNX Runtime's OrtNodeComputeInfo.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "profiler.h"
#include "status.h"

namespace ingot_ort {

struct SessionRelease {
  void operator()(ingot_session* session) const { ingot_session_release(session); }
};
struct PlanRelease {
  void operator()(ingot_plan* plan) const { ingot_plan_release(plan); }
};
struct ValueRelease {
  void operator()(ingot_value* value) const { ingot_value_release(value); }
};
using Session = std::unique_ptr<ingot_session, SessionRelease>;
using Plan = std::unique_ptr<ingot_plan, PlanRelease>;
using ValueHandle = std::unique_ptr<ingot_value, ValueRelease>;

// A plan and the bytes that it borrows: null unless it was read from memory that nobody else keeps.
struct OwnedPlan {
  std::unique_ptr<const std::string> bytes;
  Plan plan;
};

// ONNX Runtime holds the base; Compute may run from many threads at once.
struct FusedNode : OrtNodeComputeInfo {
  // `made` is a session of `owned`. Throws Failure when its names and the node's differ.
  FusedNode(OwnedPlan owned, Session made, const OrtNode* node, std::shared_ptr<Recorder> recorder);

  void run(OrtKernelContext* context) const;

  OwnedPlan owned;
  Session session;
  std::vector<size_t> input_slots, output_slots;  // of the node, in the session's order
  std::shared_ptr<Recorder> recorder;
};

}  // namespace ingot_ort
