#include "runtime/device_executor.h"

#include <algorithm>

#include "base/log.h"
#include "device/memory.h"
#include "device/store.h"
#include "ops/eval.h"
#include "runtime/binding.h"
#include "runtime/device_peak.h"
#include "runtime/host_step.h"

namespace ingot::runtime {
namespace {

constexpr size_t kMaxBindings = 8;
constexpr int kRounds = 50;
constexpr int kStepRounds = 3, kRunsPerRound = 10;

// "3 conv /layer1/Conv": the step, its operator and the first node that it came from.
std::string range_name(const plan::Program& program, size_t step) {
  const plan::Step& s = program.steps[step];
  return fmt::format("{} {}{}", step, s.op.name(), s.origin.empty() ? "" : " " + s.origin.front());
}

}  // namespace

DeviceExecutor::DeviceExecutor(const plan::Plan& plan, const std::string& device, const kernels::Target& host,
                               bool allow_device_code)
    : plan_(plan),
      device_code_(plan.device_code.empty() ? "none"
                   : allow_device_code      ? "allowed"
                                            : "not allowed"),
      device_(
          device::open_device(device, allow_device_code ? std::span(plan.device_code) : std::span<const DeviceCode>())),
      storage_(device_storage(plan.info)),
      memory_(device::memory_name(device)),
      constants_(device_, storage_, placed_constants(plan, device, storage_)),
      host_(host) {
  if (device_code_ == "not allowed") {
    log(LogLevel::kInfo, "device {}: the plan's compiled kernels are not used without allow_device_code", device);
  }
  for (const auto& body : plan.program.bodies) {
    bodies_.push_back(std::make_unique<Executor>(*body, plan.constants, host));
  }
}

// Graphs and memory may be in use until the device is done.
DeviceExecutor::~DeviceExecutor() {
  try {
    device_->synchronize();
  } catch (const Error&) {
    // A lost device is done.
  }
}

DeviceBinding& DeviceExecutor::bind(std::span<const Shape> input_shapes) {
  const std::lock_guard lock(mutex_);
  return find_or_bind(input_shapes, {});
}

std::unique_ptr<DeviceBinding> DeviceExecutor::make_binding(std::span<const Shape> input_shapes,
                                                            const kernels::Parallel& parallel) {
  const device::Range range(*device_, "bind");
  const DeviceProgram program{plan_.program, plan_.constants,        *device_, storage_, spent_,
                              parallel,      device_tf32(plan_.info)};
  try {
    return bind_device(program, constants_, input_shapes);
  } catch (const Error& error) {
    if (error.code() != Code::kOutOfMemory || bindings_.empty()) throw;
  }
  bindings_.clear();
  return bind_device(program, constants_, input_shapes);
}

DeviceBinding& DeviceExecutor::find_or_bind(std::span<const Shape> input_shapes, const kernels::Parallel& parallel) {
  const auto found = std::find_if(bindings_.begin(), bindings_.end(), [&](const auto& binding) {
    return std::equal(binding->input_shapes.begin(), binding->input_shapes.end(), input_shapes.begin(),
                      input_shapes.end());
  });
  if (found != bindings_.end()) {
    std::rotate(bindings_.begin(), found, found + 1);
    return *bindings_.front();
  }
  if (bindings_.size() == kMaxBindings) bindings_.pop_back();
  auto made = make_binding(input_shapes, parallel);
  device::user_store()->save_choices();
  bindings_.insert(bindings_.begin(), std::move(made));
  return *bindings_.front();
}

void DeviceExecutor::run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
                         const kernels::Parallel& parallel) {
  check_operands(plan_.program, inputs, outputs);
  std::vector<Shape> shapes;
  for (const Value& input : inputs) shapes.push_back(input.is_tensor() ? input.tensor().shape() : Shape());
  const std::lock_guard lock(mutex_);
  DeviceBinding& binding = find_or_bind(shapes, parallel);
  {
    const device::Range range(*device_, "run");
    run_bound(binding, inputs, outputs, control, parallel);
  }
  if (control.timings != nullptr) *control.timings = step_timings(binding);
}

void DeviceExecutor::run_bound(DeviceBinding& binding, std::span<const Value> inputs, std::span<Value> outputs,
                               const RunControl& control, const kernels::Parallel& parallel) {
  const plan::Program& program = plan_.program;
  std::vector<Value> values(program.values.size());
  SymbolValues symbols = binding.symbols;
  for (size_t i = 0; i < program.values.size(); ++i) {
    if (program.values[i].constant >= 0) values[i] = plan_.constants[static_cast<size_t>(program.values[i].constant)];
  }
  const DeviceOperands operands(program, binding, inputs, outputs, control, memory_);
  const auto& graphs = graphs_for(binding, *device_, operands.substitutions());
  if (control.stream) device_->follow(*control.stream);
  begin_inputs(binding, operands, inputs, values);
  for (size_t s = 0; s < binding.stages.size(); ++s) {
    if (is_set(control.cancelled)) fail(Code::kCancelled, "the run was stopped by the caller");
    const DeviceStage& stage = binding.stages[s];
    if (stage.graph != nullptr) {
      (graphs[s] != nullptr ? graphs[s] : stage.graph)->enqueue({}, 0);
    } else {
      run_host_step(binding, operands, stage, values, symbols, control, parallel);
    }
  }
  finish_outputs(binding, operands, values, outputs, control);
}

// What lies on the host goes up; what the host needs of what lies on the device comes down.
void DeviceExecutor::begin_inputs(const DeviceBinding& binding, const DeviceOperands& operands,
                                  std::span<const Value> inputs, std::vector<Value>& values) {
  const plan::Program& program = plan_.program;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const plan::ValueIndex input = program.inputs[i];
    Value& value = values[static_cast<size_t>(input)];
    if (!operands.has_input(i)) {
      value = inputs[i];
    } else if (std::count(binding.host_inputs.begin(), binding.host_inputs.end(), input) > 0) {
      const Tensor& there = inputs[i].tensor();
      Tensor tensor = Tensor::uninitialized(there.dtype(), there.shape());
      device_->copy_out(tensor.mutable_raw(), device::address_of(there), there.byte_size());
      value = tensor;
    }
  }
  for (const Crossing& each : binding.inputs) {
    const auto index = std::find(program.inputs.begin(), program.inputs.end(), each.value) - program.inputs.begin();
    if (operands.has_input(static_cast<size_t>(index))) continue;
    upload(binding, operands, each, values[static_cast<size_t>(each.value)]);
  }
  for (const auto& [index, crossing] : operands.copied_inputs()) {
    const Tensor& tensor = inputs[index].tensor();
    device_->copy(crossing.host_form, device::address_of(tensor), tensor.byte_size());
  }
}

void DeviceExecutor::finish_outputs(const DeviceBinding& binding, const DeviceOperands& operands,
                                    const std::vector<Value>& values, std::span<Value> outputs,
                                    const RunControl& control) {
  const plan::Program& program = plan_.program;
  bool left = false;
  for (const auto& [index, crossing] : operands.copied_outputs()) {
    const Tensor& tensor = outputs[index].tensor();
    device_->copy(device::address_of(tensor), operands.address(crossing), tensor.byte_size());
  }
  auto fetched = binding.outputs.begin();
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto value = static_cast<size_t>(program.outputs[i]);
    const bool here = operands.has_output(i);
    left |= here;
    if (binding.on_device[value]) {
      const Crossing& crossing = *fetched++;
      if (!here) outputs[i] = fetch(binding, operands, crossing, outputs[i]);
    } else if (here) {
      const Tensor& tensor = values[value].tensor();
      if (!outputs[i].is_tensor() || !outputs[i].tensor().defined()) {
        outputs[i] = device::Memory::of(memory_)->allocate(tensor.dtype(), tensor.shape());
      } else if (outputs[i].tensor().type_text() != tensor.type_text()) {
        fail(Code::kInvalidArgument, "output {}: bound to device memory of {}, the run gives {}",
             program.output_names[i], outputs[i].tensor().type_text(), tensor.type_text());
      }
      device_->copy_in(device::address_of(outputs[i].tensor()), tensor.raw(), tensor.byte_size());
    } else if (outputs[i].is_tensor() && outputs[i].tensor().defined() && values[value].is_tensor() &&
               outputs[i].tensor().type_text() == values[value].tensor().type_text() &&
               outputs[i].tensor().dtype() != DType::kString) {
      std::copy_n(static_cast<const std::byte*>(values[value].tensor().raw()), values[value].tensor().byte_size(),
                  static_cast<std::byte*>(const_cast<void*>(outputs[i].tensor().raw())));
    } else {
      outputs[i] = values[value];
    }
  }
  if (control.stream) device_->precede(*control.stream);
  if (left && !control.asynchronous) device_->synchronize();
}

void DeviceExecutor::upload(const DeviceBinding& binding, const DeviceOperands& operands, const Crossing& crossing,
                            const Value& value) {
  const Tensor& tensor = value.tensor();
  if (tensor.shape() != binding.shapes[static_cast<size_t>(crossing.value)]) {
    fail(Code::kInternal, "{} has another shape than the plan says",
         plan_.program.values[static_cast<size_t>(crossing.value)].name);
  }
  device_->copy_in(operands.address(crossing), tensor.raw(), tensor.byte_size());
}

Value DeviceExecutor::fetch(const DeviceBinding& binding, const DeviceOperands& operands, const Crossing& crossing,
                            const Value& bound) {
  const plan::ValueDef& def = plan_.program.values[static_cast<size_t>(crossing.value)];
  const Shape& shape = binding.shapes[static_cast<size_t>(crossing.value)];
  const bool fits = bound.is_tensor() && bound.tensor().defined() && bound.tensor().dtype() == def.type.dtype &&
                    bound.tensor().shape() == shape;
  Tensor tensor = fits ? bound.tensor() : Tensor::uninitialized(def.type.dtype, shape);
  device_->copy_out(tensor.mutable_raw(), operands.address(crossing), tensor.byte_size());
  return tensor;
}

void DeviceExecutor::learn(const plan::ValueDef& def, const Value& value, SymbolValues& symbols) const {
  if (!def.shape || !value.is_tensor()) return;
  match_shape(*def.shape, value.tensor().shape(), symbols, def.name);
}

void DeviceExecutor::run_host_step(const DeviceBinding& binding, const DeviceOperands& given, const DeviceStage& stage,
                                   std::vector<Value>& values, SymbolValues& symbols, const RunControl& control,
                                   const kernels::Parallel& parallel) {
  const auto index = static_cast<size_t>(stage.host_step);
  const plan::Step& step = plan_.program.steps[index];
  for (const Crossing& each : stage.fetch) values[static_cast<size_t>(each.value)] = fetch(binding, given, each, {});
  std::vector<const Value*> operands;
  for (const plan::ValueIndex input : step.inputs) {
    operands.push_back(input == plan::kNoValue ? nullptr : &values[static_cast<size_t>(input)]);
  }
  EvalHost host;
  host.symbols = &symbols;
  host.memory_budget = control.memory_budget;
  host.seed = control.seed + index * 0x9e3779b97f4a7c15ull;
  RunControl body_control;
  body_control.cancelled = control.cancelled;
  body_control.seed = control.seed;
  body_control.memory_budget = control.memory_budget;
  host.run_body = [&](size_t body, std::vector<Value> body_inputs) {
    if (body >= bodies_.size()) fail(Code::kInvalidPlan, "body {} does not exist", body);
    std::vector<Value> results(plan_.program.bodies[body]->outputs.size());
    bodies_[body]->run(body_inputs, results, body_control, parallel);
    return results;
  };
  auto results = with_frame([&] { return fmt::format("step {} ({})", index, step.op.name()); },
                            [&] { return run_on_host(plan_.program, step, operands, symbols, host, host_, parallel); });
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == plan::kNoValue || i >= results.size()) continue;
    learn(plan_.program.values[static_cast<size_t>(step.outputs[i])], results[i], symbols);
    values[static_cast<size_t>(step.outputs[i])] = std::move(results[i]);
  }
  for (const Crossing& each : stage.upload) upload(binding, given, each, values[static_cast<size_t>(each.value)]);
}

// Device time of every operation by itself, several times in a row: launches overlap as in a graph, operands may be in
// the cache. Steps of the host count as nothing.
std::vector<StepTiming> DeviceExecutor::step_timings(const DeviceBinding& binding) {
  std::vector<StepTiming> timings(plan_.program.steps.size());
  for (const RecordedOperation& each : binding.recorded) {
    if (each.step < 0) continue;
    const device::Range range(*device_, range_name(plan_.program, static_cast<size_t>(each.step)));
    double best = 0;
    for (int round = 0; round < kStepRounds; ++round) {
      const double time = device_->time([&] {
        for (int i = 0; i < kRunsPerRound; ++i) each.operation->enqueue(each.operands, binding.workspace.address());
      });
      if (round == 0 || time < best) best = time;
    }
    timings[static_cast<size_t>(each.step)].duration_ns += static_cast<int64_t>(best * 1e6 / kRunsPerRound);
  }
  int64_t start = 0;
  for (StepTiming& each : timings) {
    each.start_ns = start;
    start += each.duration_ns;
  }
  return timings;
}

kernels::MachinePeak DeviceExecutor::peak() {
  const std::lock_guard lock(mutex_);
  return measure_peak(*device_, storage_, device_tf32(plan_.info));
}

DeviceReport DeviceExecutor::report() {
  const std::lock_guard lock(mutex_);
  DeviceReport report;
  report.name = device_->properties().name;
  report.constant_bytes = constants_.bytes();
  report.constant_sharers = constants_.sharers();
  report.device_code = device_code_;
  report.tf32 = device_tf32(plan_.info);
  report.effort = device_->effort();
  report.spent = spent_;
  if (bindings_.empty()) return report;
  const DeviceBinding& binding = *bindings_.front();
  report.operations = binding.recorded.size();
  report.arena_bytes = binding.arena_bytes;
  report.largest_live_set = binding.largest_live_set;
  report.workspace_bytes = binding.workspace.bytes();
  report.recordings = binding.recordings;
  for (const size_t step : binding.host_steps) {
    const std::string& reason = plan_.program.steps[step].reason;
    report.host_steps.emplace_back(step, reason.empty() ? "its shapes are known only at run time" : reason);
  }
  for (const RecordedOperation& each : binding.recorded) {
    const std::string& choice = each.operation->choice;
    if (each.step >= 0 && !choice.empty()) report.choices.emplace_back(static_cast<size_t>(each.step), choice);
  }
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(device_->time([&] {
      for (const DeviceStage& stage : binding.stages) {
        if (stage.graph != nullptr) stage.graph->enqueue({}, 0);
      }
    }));
  }
  for (const DeviceStage& stage : binding.stages) report.graphs += stage.graph != nullptr ? 1 : 0;
  std::sort(times.begin(), times.end());
  report.milliseconds = times[kRounds / 2];
  report.lower_milliseconds = times[kRounds / 4];
  report.upper_milliseconds = times[kRounds * 3 / 4];
  return report;
}

}  // namespace ingot::runtime
