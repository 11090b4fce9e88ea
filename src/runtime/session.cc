#include "runtime/session.h"

namespace ingot::runtime {

Session::Session(std::shared_ptr<const plan::Plan> plan, const SessionOptions& options)
    : plan_(std::move(plan)),
      options_(options),
      pool_(options.threads, options.spins),
      parallel_(kernels::parallel_on(pool_)),
      executor_(plan_->program, plan_->constants, kernels::this_machine(pool_.threads())) {
  if (plan_->info.kernel_abi != plan::kernel_abi()) {
    fail(Code::kForeignPlan, "the plan was made for kernel interface {}, this library has {}", plan_->info.kernel_abi,
         plan::kernel_abi());
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
  executor_.run(inputs, outputs, control, parallel_);
}

MemoryReport Session::memory(std::span<const Shape> input_shapes) {
  MemoryReport report;
  const auto binding = executor_.bind(input_shapes);
  report.arena_bytes = binding->arena_bytes;
  report.largest_live_set = binding->largest_live_set;
  for (const Tensor& constant : plan_->constants) report.constant_bytes += constant.byte_size();
  return report;
}

}  // namespace ingot::runtime
