#include "runtime/session.h"

#include <algorithm>

#include "device/memory.h"
#include "device/names.h"

namespace ingot::runtime {

Session::Session(std::shared_ptr<const plan::Plan> plan, const SessionOptions& options)
    : plan_(std::move(plan)), options_(options), streams_(options) {
  if (plan_->info.kernel_abi != plan::kernel_abi()) {
    fail(Code::kForeignPlan, "the plan was made for kernel interface {}, this library has {}", plan_->info.kernel_abi,
         plan::kernel_abi());
  }
  const kernels::Target host = kernels::this_machine(streams_.threads());
  if (const std::string device = plan_->info.option("device", "cpu"); device == "cpu") {
    executor_ = std::make_unique<Executor>(plan_->program, plan_->constants, host);
  } else {
    devices_ = std::make_unique<DevicePool>(*plan_, device::device_names(device), host, options.allow_device_code);
  }
}

void Session::admit(std::span<const Value> inputs) const {
  for (const plan::ShapeRange& range : plan_->info.shapes) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const plan::ValueDef& def = plan_->program.values[static_cast<size_t>(plan_->program.inputs[i])];
      if (def.name != range.input || !inputs[i].is_tensor() || range.max.empty()) continue;
      const Shape& shape = inputs[i].tensor().shape();
      for (size_t axis = 0; axis < std::min(shape.size(), range.max.size()); ++axis) {
        if (shape[axis] > range.max[axis]) {
          fail(Code::kInvalidArgument, "input {}: size {} on axis {} is over the plan's maximum shape {}", def.name,
               shape[axis], axis, shape_text(range.max));
        }
      }
    }
  }
}

void Session::run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control) {
  if (!plan_->info.shapes.empty() && inputs.size() == plan_->program.inputs.size()) admit(inputs);
  const Streams::Share share(streams_);
  if (devices_ != nullptr) return devices_->run(inputs, outputs, control, share.parallel());
  const auto on_device = [](uint8_t flag) { return flag != 0; };
  if (std::any_of(control.device_inputs.begin(), control.device_inputs.end(), on_device) ||
      std::any_of(control.device_outputs.begin(), control.device_outputs.end(), on_device)) {
    fail(Code::kInvalidArgument, "values in memory of a device are given to a session on the CPU");
  }
  executor_->run(inputs, outputs, control, share.parallel());
}

std::string Session::memory_name() const { return device::memory_name(plan_->info.option("device", "cpu")); }

MemoryReport Session::memory(std::span<const Shape> input_shapes) {
  MemoryReport report;
  if (devices_ != nullptr) {
    const DeviceBinding& binding = devices_->working().bind(input_shapes);
    report.arena_bytes = binding.arena_bytes;
    report.largest_live_set = binding.largest_live_set;
  } else {
    const auto binding = executor_->bind(input_shapes);
    report.arena_bytes = binding->arena_bytes;
    report.largest_live_set = binding->largest_live_set;
  }
  for (const Tensor& constant : plan_->constants) report.constant_bytes += constant.byte_size();
  return report;
}

}  // namespace ingot::runtime
