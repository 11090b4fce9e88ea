#include "runtime/device_steps.h"

#include <algorithm>

#include "ops/sizes.h"
#include "ops/symbolic_fields.h"
#include "runtime/binding.h"

namespace ingot::runtime {

using kernels::cuda::Slot;
using plan::Step;
using plan::StepKind;

DeviceSteps::DeviceSteps(const DeviceProgram& program, DeviceBinding& binding) : p_(program), binding_(binding) {
  find_shapes();
  classify();
}

bool DeviceSteps::launches(size_t step) const {
  return device_step_[step] && steps()[step].kind == StepKind::kKernel && !views_->skipped(step) &&
         !absorbed_.contains(step);
}

void DeviceSteps::find_shapes() {
  const plan::Program& program = p_.program;
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const plan::ValueDef& value = def(program.inputs[i]);
    if (!value.type.is_tensor() || !value.shape) continue;
    match_shape(*value.shape, binding_.input_shapes[i], binding_.symbols, "input " + value.name);
  }
  for (const auto& [name, size] : binding_.symbols) known_.insert(name);
  binding_.shapes.resize(program.values.size());
  binding_.early.resize(program.values.size());
  for (size_t i = 0; i < program.values.size(); ++i) {
    const plan::ValueDef& value = program.values[i];
    if (!value.type.is_tensor() || !value.shape) continue;
    std::set<std::string> used;
    for (const Dim& dim : *value.shape) dim.collect_symbols(used);
    if (!are_known(used)) continue;
    binding_.shapes[i] = evaluate_shape(*value.shape, binding_.symbols, value.name);
    binding_.early[i] = true;
  }
}

bool DeviceSteps::are_known(const std::set<std::string>& symbols) const {
  return std::includes(known_.begin(), known_.end(), symbols.begin(), symbols.end());
}

bool DeviceSteps::runs_on_device(const Step& step) const {
  if (step.kind == StepKind::kView) {
    const auto& inputs = p_.program.inputs;
    const ValueIndex input = step.inputs[0];
    const bool goes_up = std::find(inputs.begin(), inputs.end(), input) != inputs.end() && early(step.inputs);
    return early(step.outputs) && (binding_.on_device[at(input)] || (goes_up && !host_reads(step.outputs[0])));
  }
  return step.kind == StepKind::kKernel && early(step.inputs) && early(step.outputs) && are_known(symbols_of(step.op));
}

// Whether a step of the host reads the value, or it is an output.
bool DeviceSteps::host_reads(ValueIndex value) const {
  const auto& outputs = p_.program.outputs;
  if (std::find(outputs.begin(), outputs.end(), value) != outputs.end()) return true;
  for (size_t s = 0; s < steps().size(); ++s) {
    const Step& step = steps()[s];
    if (std::find(step.inputs.begin(), step.inputs.end(), value) == step.inputs.end()) continue;
    if (step.kind == StepKind::kView ? host_reads(step.outputs[0]) : !runs_on_device(step)) return true;
  }
  return false;
}

bool DeviceSteps::early(const std::vector<ValueIndex>& values) const {
  return std::all_of(values.begin(), values.end(),
                     [&](ValueIndex value) { return value == plan::kNoValue || binding_.early[at(value)]; });
}

// Which steps run where, which values cross, and how long each is needed on the device.
void DeviceSteps::classify() {
  const size_t values = p_.program.values.size();
  binding_.on_device.assign(values, false);
  device_step_.assign(steps().size(), false);
  root_.resize(values);
  made_at_.assign(values, -1);
  last_.assign(values, -2);
  needs_host_.assign(values, false);
  for (size_t i = 0; i < values; ++i) root_[i] = static_cast<ValueIndex>(i);
  const auto end = static_cast<int32_t>(steps().size());
  for (size_t s = 0; s < steps().size(); ++s) {
    device_step_[s] = runs_on_device(steps()[s]);
    // The host has the sizes already.
    if (steps()[s].op.is<Sizes>() && device_step_[s]) device_step_[s] = !host_reads(steps()[s].outputs[0]);
    if (!device_step_[s]) binding_.host_steps.push_back(s);
    for (const ValueIndex output : steps()[s].outputs) {
      if (output != plan::kNoValue) binding_.on_device[at(output)] = device_step_[s];
    }
  }
  views_.emplace(p_.program, p_.constants, binding_.shapes, binding_.symbols, device_step_);
  pairs_ = find_pairs(p_.program, binding_.shapes, *views_, device_step_, p_.storage);
  for (const auto& [second, pair] : pairs_) {
    absorbed_.insert(pair.first);
    if (!pair.kept) between_.insert(steps()[pair.first].outputs[0]);
  }
  for (int32_t s = 0; s < end; ++s) {
    const auto step = static_cast<size_t>(s);
    if (views_->skipped(step) || absorbed_.contains(step)) continue;
    add_results(step, s);
    if (const auto pair = pairs_.find(step); pair != pairs_.end()) {
      if (pair->second.kept) add_results(pair->second.first, s);
      add_reads(pair->second.first, s);
    }
    add_reads(step, s);
  }
  for (const ValueIndex output : p_.program.outputs) {
    if (binding_.on_device[at(output)]) need_until(output, end);
  }
}

void DeviceSteps::add_results(size_t index, int32_t when) {
  const Step& step = steps()[index];
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == plan::kNoValue) continue;
    const ValueIndex output = place_of(index, {Slot::kOutput, i});
    made_at_[at(output)] = when;
    if (device_step_[index]) last_[at(output)] = when;
  }
  if (device_step_[index] && step.kind == StepKind::kView) root_[at(step.outputs[0])] = root_[at(step.inputs[0])];
}

// What the step reads when step `when` runs.
void DeviceSteps::add_reads(size_t index, int32_t when) {
  const Step& step = steps()[index];
  const bool here = device_step_[index];
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    for (const ValueIndex input : views_->read(index, i)) {
      if (def(input).constant >= 0) continue;
      if (between_.contains(input)) continue;
      if (!here) needs_host_[at(input)] = true;
      if (here || binding_.on_device[at(input)]) need_until(input, when);
    }
  }
  if (here && step.kind == StepKind::kView) need_until(step.outputs[0], when);
}

const DeviceView* DeviceSteps::view_of(size_t step, const Slot& slot) const {
  return slot.kind == Slot::kInput ? views_->input(step, slot.index) : slot.index == 0 ? views_->output(step) : nullptr;
}

ValueIndex DeviceSteps::place_of(size_t step, const Slot& slot) const {
  if (const DeviceView* view = view_of(step, slot)) return view->roots[slot.root];
  return (slot.kind == Slot::kInput ? steps()[step].inputs : steps()[step].outputs)[slot.index];
}

void DeviceSteps::need_until(ValueIndex value, int32_t step) {
  int32_t& last = last_[at(root_[at(value)])];
  last = std::max(last, step);
}

kernels::Problem DeviceSteps::problem(size_t index) const {
  const Step& step = steps()[index];
  kernels::Problem problem =
      step_problem(p_.program, step, [&](ValueIndex value) { return binding_.shapes[at(value)]; });
  problem.op = at_sizes(step.op, binding_.symbols);
  return problem;
}

kernels::cuda::Emission DeviceSteps::emission(size_t index) const {
  const auto* row = kernels::cuda::find_device_row(steps()[index].row);
  if (row == nullptr) fail(Code::kForeignPlan, "this library has no device kernel {}", steps()[index].row);
  const kernels::Problem problem = this->problem(index);
  if (const auto pair = pairs_.find(index); pair != pairs_.end())
    return pair->second.row->emit(this->problem(pair->second.first), problem, p_.storage, pair->second.views,
                                  pair->second.kept);
  std::vector<kernels::cuda::OperandView> views(problem.inputs.size() + problem.outputs.size());
  bool any = false;
  for (size_t i = 0; i < views.size(); ++i) {
    const bool input = i < problem.inputs.size();
    const DeviceView* view =
        view_of(index, {input ? Slot::kInput : Slot::kOutput, input ? i : i - problem.inputs.size()});
    if (view != nullptr) views[i] = view->operand, any = true;
  }
  if (views_->copies(index)) {
    const kernels::Operand& result = problem.outputs[0];
    return {kernels::cuda::moved_copy(kernels::cuda::stored(result.dtype, p_.storage), views[0].moved, result.shape)};
  }
  return any ? row->emit_views(problem, p_.storage, views) : row->emit(problem, p_.storage);
}

}  // namespace ingot::runtime
