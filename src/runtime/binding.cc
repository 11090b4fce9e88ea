#include "runtime/binding.h"

#include "base/checked.h"

namespace ingot::runtime {
namespace {

using plan::Step;
using plan::StepKind;

// Places buffers: outputs in the caller's memory, views and in-place results with their source, the rest in the arena.
class Placement {
 public:
  Placement(const Schedule& schedule, Binding& binding) : schedule_(schedule), binding_(binding) {}

  void run() {
    binding_.places.assign(schedule_.values.size(), {});
    claim_outputs();
    for (size_t s = 0; s < schedule_.steps.size(); ++s) place_step(s);
    const MemoryPlan plan = plan_memory(items_);
    for (const auto& [value, item] : value_items_) {
      binding_.places[static_cast<size_t>(value)] = {Place::kArena, plan.offsets[item], -1, -1};
    }
    for (const auto& [step, item] : scratch_items_) binding_.scratch[step] = plan.offsets[item];
    binding_.arena_bytes = plan.bytes;
    binding_.largest_live_set = plan.largest_live_set;
  }

 private:
  const plan::Program& program() const { return *schedule_.program; }
  const ScheduledValue& scheduled(ValueIndex value) const { return schedule_.values[static_cast<size_t>(value)]; }
  int64_t bytes_of(ValueIndex value) const {
    return storage_bytes(program().values[static_cast<size_t>(value)].type.dtype,
                         element_count(binding_.shapes[static_cast<size_t>(value)]));
  }

  void claim_outputs() {
    binding_.copied_output.assign(program().outputs.size(), true);
    for (size_t i = 0; i < program().outputs.size(); ++i) {
      const ValueIndex root = scheduled(program().outputs[i]).root;
      Place& place = binding_.places[static_cast<size_t>(root)];
      const bool free = scheduled(root).storage == Storage::kPlanned && place.kind == Place::kNone;
      if (!free || bytes_of(root) != bytes_of(program().outputs[i])) continue;
      place = {Place::kOutput, 0, static_cast<int32_t>(i), -1};
      binding_.copied_output[i] = false;
    }
  }

  // The input whose arena bytes the step may overwrite with its output 0, or kNoValue.
  ValueIndex reusable_input(size_t s) const {
    const Step& step = program().steps[s];
    const kernels::Row* row = schedule_.steps[s].row;
    if (row == nullptr || row->in_place == nullptr || !schedule_.steps[s].early) return plan::kNoValue;
    const kernels::Problem problem =
        step_problem(program(), step, [&](ValueIndex v) { return binding_.shapes[static_cast<size_t>(v)]; });
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] == plan::kNoValue) continue;
      const ValueIndex root = input_root(step, i);
      if (scheduled(root).storage != Storage::kPlanned || !value_items_.contains(root)) continue;
      const bool dies = items_[value_items_.at(root)].last == static_cast<int32_t>(s);
      const bool fits = dies && bytes_of(root) == bytes_of(step.outputs[0]);
      if (fits && !is_read_twice(step, i) && row->in_place(problem, i)) return root;
    }
    return plan::kNoValue;
  }

  ValueIndex input_root(const Step& step, size_t i) const { return final_root(scheduled(step.inputs[i]).root); }

  // A row says of one input when it is read; of the same memory in two inputs it says nothing.
  bool is_read_twice(const Step& step, size_t input) const {
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (i == input || step.inputs[i] == plan::kNoValue) continue;
      if (input_root(step, i) == input_root(step, input)) return true;
    }
    return false;
  }

  ValueIndex final_root(ValueIndex root) const {
    while (binding_.places[static_cast<size_t>(root)].kind == Place::kOther) {
      root = binding_.places[static_cast<size_t>(root)].other;
    }
    return root;
  }

  void place_step(size_t s) {
    const Step& step = program().steps[s];
    for (size_t o = 0; o < step.outputs.size(); ++o) {
      const ValueIndex output = step.outputs[o];
      if (output == plan::kNoValue || scheduled(output).storage != Storage::kPlanned) continue;
      Place& place = binding_.places[static_cast<size_t>(output)];
      if (scheduled(output).root != output) {
        place = {Place::kOther, 0, -1, scheduled(output).root};
        continue;
      }
      if (place.kind == Place::kOutput) continue;
      if (const ValueIndex reused = o == 0 ? reusable_input(s) : plan::kNoValue; reused != plan::kNoValue) {
        place = {Place::kOther, 0, -1, reused};
        MemoryItem& item = items_[value_items_.at(reused)];
        item.last = std::max(item.last, scheduled(output).last);
        continue;
      }
      value_items_[output] = items_.size();
      items_.push_back({bytes_of(output), scheduled(output).first, scheduled(output).last});
    }
    if (const auto& kernel = binding_.kernels[s]; kernel != nullptr && kernel->scratch_bytes > 0) {
      scratch_items_.emplace_back(s, items_.size());
      items_.push_back({static_cast<int64_t>(kernel->scratch_bytes), static_cast<int32_t>(s), static_cast<int32_t>(s)});
    }
  }

  const Schedule& schedule_;
  Binding& binding_;
  std::vector<MemoryItem> items_;
  std::unordered_map<ValueIndex, size_t> value_items_;
  std::vector<std::pair<size_t, size_t>> scratch_items_;
};

std::string step_frame(const Step& step, size_t index) {
  std::string frame = fmt::format("step {} ({})", index, step.op.name());
  for (const auto& origin : step.origin) frame += " of node " + origin;
  return frame;
}

}  // namespace

Shape evaluate_shape(const DimShape& dims, const SymbolValues& symbols, const std::string& name) {
  Shape shape;
  for (const Dim& dim : dims) {
    const auto size = dim.eval(symbols);
    if (!size) fail(Code::kInternal, "the size {} of {} has no value", dim.text(), name);
    if (*size < 0) fail(Code::kInvalidArgument, "{} would have the size {} = {}", name, dim.text(), *size);
    shape.push_back(*size);
  }
  return shape;
}

void match_shape(const DimShape& dims, const Shape& shape, SymbolValues& symbols, const std::string& name) {
  if (dims.size() != shape.size()) {
    fail(Code::kInvalidArgument, "{}: expected rank {} {}, got {}", name, dims.size(), dims_text(dims),
         shape_text(shape));
  }
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    const std::string symbol = dims[axis].symbol_name();
    if (!symbol.empty()) symbols.try_emplace(symbol, shape[axis]);
    const auto expected = dims[axis].eval(symbols);
    if (expected && *expected != shape[axis]) {
      fail(Code::kInvalidArgument, "{}: expected size {} ({}) on axis {} of {}, got {}", name, *expected,
           dims[axis].text(), axis, dims_text(dims), shape_text(shape));
    }
  }
}

kernels::Problem step_problem(const plan::Program& program, const Step& step,
                              const std::function<Shape(ValueIndex)>& shape_of) {
  kernels::Problem problem{step.op, {}, {}};
  for (const ValueIndex input : step.inputs) {
    if (input == plan::kNoValue) {
      problem.inputs.emplace_back();
      continue;
    }
    const plan::ValueDef& value = program.values[static_cast<size_t>(input)];
    problem.inputs.push_back({value.type.dtype, shape_of(input), value.constant >= 0});
  }
  for (const plan::PackedOperand& packed : step.packed) {
    problem.inputs[static_cast<size_t>(packed.input)] = {packed.dtype, packed.shape, true};
  }
  for (const ValueIndex output : step.outputs) {
    if (output == plan::kNoValue) {
      problem.outputs.emplace_back();
      continue;
    }
    problem.outputs.push_back({program.values[static_cast<size_t>(output)].type.dtype, shape_of(output), false});
  }
  return problem;
}

std::unique_ptr<Binding> bind_shapes(const Schedule& schedule, const kernels::Target& target,
                                     std::span<const Shape> input_shapes) {
  const plan::Program& program = *schedule.program;
  auto binding = std::make_unique<Binding>();
  binding->input_shapes.assign(input_shapes.begin(), input_shapes.end());
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const plan::ValueDef& value = program.values[static_cast<size_t>(program.inputs[i])];
    if (value.type.is_tensor() && value.shape) {
      match_shape(*value.shape, input_shapes[i], binding->symbols, "input " + value.name);
    }
  }
  binding->shapes.resize(program.values.size());
  for (size_t i = 0; i < program.values.size(); ++i) {
    if (schedule.values[i].early) {
      binding->shapes[i] = evaluate_shape(*program.values[i].shape, binding->symbols, program.values[i].name);
    }
  }
  binding->kernels.resize(program.steps.size());
  binding->scratch.assign(program.steps.size(), 0);
  for (size_t s = 0; s < program.steps.size(); ++s) {
    if (schedule.steps[s].row == nullptr || !schedule.steps[s].early) continue;
    const Step& step = program.steps[s];
    binding->kernels[s] = with_frame(
        [&] { return step_frame(step, s); },
        [&] {
          return schedule.steps[s].row->bind(
              step_problem(program, step, [&](ValueIndex v) { return binding->shapes[static_cast<size_t>(v)]; }),
              target);
        });
  }
  Placement(schedule, *binding).run();
  return binding;
}

}  // namespace ingot::runtime
