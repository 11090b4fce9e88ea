// Pairs of steps that one kernel of a device runs.
#pragma once
#include "kernels/cuda/group.h"
#include "runtime/device_views.h"

namespace ingot::runtime {

struct StepPair {
  size_t first = 0;
  const kernels::cuda::GroupRow* row = nullptr;
  bool kept = false;                              // whether the first's result is read elsewhere too
  std::vector<kernels::cuda::OperandView> views;  // of the first's inputs
};

// By the second step, which runs both; no step is in two pairs. `shapes` of the values that device steps use;
// `storage`: how the device keeps f32.
std::map<size_t, StepPair> find_pairs(const plan::Program& program, const std::vector<Shape>& shapes,
                                      const DeviceViews& views, const std::vector<bool>& device_step, DType storage);

}  // namespace ingot::runtime
