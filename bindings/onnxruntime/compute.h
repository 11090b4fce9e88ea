// One fused node: an Ingot session behind ONNX Runtime's OrtNodeComputeInfo.
#pragma once

#include <memory>
#include <string>
#include <vector>

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

// An output of the session: where the node has it, and its shape when the plan fixes it.
struct OutputSlot {
  size_t index;
  bool fixed;
  ingot_dtype dtype;
  std::vector<int64_t> shape;
};

// ONNX Runtime holds the base; Compute may run from many threads at once.
struct FusedNode : OrtNodeComputeInfo {
  // `plan_bytes`: what `plan` borrows, or empty. Throws Failure when names of plan and node differ.
  FusedNode(std::string plan_bytes, Plan plan, const ingot_session_options& options, const OrtNode* node);

  void run(OrtKernelContext* context) const;

  std::string bytes;
  Plan plan;
  Session session;
  std::vector<size_t> input_slots;  // of the node, in the session's order
  std::vector<OutputSlot> output_slots;
};

}  // namespace ingot_ort
