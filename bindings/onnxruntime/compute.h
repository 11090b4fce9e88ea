// One fused node: an Ingot session behind ONNX Runtime's OrtNodeComputeInfo.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "handles.h"
#include "profiler.h"
#include "status.h"

namespace ingot_ort {

// A plan and the bytes that it borrows: null unless it was read from memory that nobody else keeps.
struct OwnedPlan {
  std::unique_ptr<const std::string> bytes;
  Plan plan;
};

// ONNX Runtime holds the base; Compute may run from many threads at once.
struct FusedNode : OrtNodeComputeInfo {
  // `made` is a session of `owned`. Throws Failure when its names and the node's differ.
  // `on_gpu`: ONNX Runtime holds inputs and outputs in memory of the plan's device. `stream`: of the caller's, there.
  FusedNode(OwnedPlan owned, Session made, const OrtNode* node, std::shared_ptr<Recorder> recorder, bool on_gpu,
            std::optional<uint64_t> stream);

  void run(OrtKernelContext* context) const;

  OwnedPlan owned;
  Session session;
  std::vector<size_t> input_slots, output_slots;  // of the node, in the session's order
  std::shared_ptr<Recorder> recorder;
  const bool on_gpu;
  const std::optional<uint64_t> stream;
  const std::vector<unsigned char> stays;  // of each output, on a GPU: 1
};

}  // namespace ingot_ort
