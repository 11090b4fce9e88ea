#include "runtime/executor_state.h"

#include <cstring>
#include <set>

#include "base/large_pages.h"

namespace ingot::runtime {
namespace {

using plan::Step;
using plan::StepKind;

constexpr size_t kScratchAlignment = 64;

std::string step_frame(const Step& step) {
  std::string frame = std::string("step ") + step.op.name();
  for (const auto& origin : step.origin) frame += " of node " + origin;
  return frame;
}

// The value with bytes of its own in the place of those that were only lent to its step.
Value owned(const Value& value, const std::set<const void*>& lent) {
  if (value.is_tensor()) return lent.contains(value.tensor().raw()) ? Value(value.tensor().clone()) : value;
  if (value.kind() != Value::Kind::kSequence) return value;
  std::vector<Value> items;
  for (const Value& item : value.items()) items.push_back(owned(item, lent));
  return Value::sequence(std::move(items));
}

}  // namespace

Executor::State::State(Executor& owner) : executor(owner) {
  pointers.assign(program().values.size(), nullptr);
  dynamic.resize(program().values.size());
  size_t most_inputs = 0, most_outputs = 0;
  for (const Step& step : program().steps) {
    most_inputs = std::max(most_inputs, step.inputs.size());
    most_outputs = std::max(most_outputs, step.outputs.size());
  }
  step_inputs.resize(most_inputs);
  step_outputs.resize(most_outputs);
  for (size_t i = 0; i < program().values.size(); ++i) {
    const int32_t constant = program().values[i].constant;
    if (constant >= 0) pointers[i] = executor.constants_[static_cast<size_t>(constant)].raw();
  }
}

void Executor::State::begin(std::shared_ptr<const Binding> bound, std::span<const Value> in, std::span<Value> out) {
  if (bound != binding) symbols = bound->symbols;
  binding = std::move(bound);
  inputs = in;
  outputs = out;
  if (arena_bytes < binding->arena_bytes) {
    arena.reset();
    arena.reset(static_cast<std::byte*>(allocate_large(static_cast<size_t>(binding->arena_bytes))));
    arena_bytes = arena ? binding->arena_bytes : 0;
    if (!arena) fail(Code::kOutOfMemory, "cannot allocate {} bytes of activations", binding->arena_bytes);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueIndex value = program().inputs[i];
    if (is_dynamic(value)) {
      dynamic[static_cast<size_t>(value)] = inputs[i];
      if (inputs[i].is_tensor()) learn_shape(value, inputs[i].tensor().shape());
    } else {
      pointers[static_cast<size_t>(value)] = inputs[i].tensor().raw();
    }
  }
  place_outputs();
}

void Executor::State::place_outputs() {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ValueIndex value = program().outputs[i];
    if (!scheduled(value).early || program().values[static_cast<size_t>(value)].type.dtype == DType::kString) continue;
    const DType dtype = program().values[static_cast<size_t>(value)].type.dtype;
    const Shape& shape = binding->shapes[static_cast<size_t>(value)];
    if (!outputs[i].is_tensor()) {
      void* given = control->place_output ? control->place_output(i, dtype, shape) : nullptr;
      outputs[i] = given != nullptr ? Tensor(dtype, shape, given, nullptr) : Tensor::uninitialized(dtype, shape);
    } else if (outputs[i].tensor().dtype() != dtype || outputs[i].tensor().shape() != shape) {
      fail(Code::kInvalidArgument, "output {}: bound to {}, the run gives {}{}", program().output_names[i],
           outputs[i].tensor().type_text(), dtype_name(dtype), shape_text(shape));
    }
  }
  for (size_t v = 0; v < binding->places.size(); ++v) {
    const Place& place = binding->places[v];
    if (place.kind == Place::kArena) pointers[v] = arena.get() + place.offset;
    if (place.kind == Place::kOutput) {
      pointers[v] = output_memory(static_cast<ValueIndex>(v), static_cast<size_t>(place.output));
    }
  }
}

// The caller may bind an output to the memory of an input (a state carried from run to run). Steps write there at
// once when no later step reads that input; otherwise the output is made aside and copied when the run ends.
const void* Executor::State::output_memory(ValueIndex root, size_t output) {
  Tensor& target = outputs[output].mutable_tensor();
  const auto* begin = static_cast<const std::byte*>(target.raw());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_tensor() || inputs[i].tensor().dtype() == DType::kString) continue;
    const Bytes input = inputs[i].tensor().bytes();
    const bool overlap = begin < input.data() + input.size() && input.data() < begin + target.byte_size();
    if (!overlap || scheduled(scheduled(program().inputs[i]).root).last < scheduled(root).first) continue;
    staged.emplace_back(output, Tensor::uninitialized(target.dtype(), target.shape()));
    return staged.back().second.raw();
  }
  return begin;
}

const void* Executor::State::pointer(ValueIndex value) const {
  if (is_dynamic(value)) return dynamic[static_cast<size_t>(value)].tensor().raw();
  while (binding->places[static_cast<size_t>(value)].kind == Place::kOther) {
    value = binding->places[static_cast<size_t>(value)].other;
  }
  return pointers[static_cast<size_t>(value)];
}

Shape Executor::State::shape_of(ValueIndex value) const {
  if (scheduled(value).early) return binding->shapes[static_cast<size_t>(value)];
  if (is_dynamic(value)) return dynamic[static_cast<size_t>(value)].tensor().shape();
  return executor.constants_[static_cast<size_t>(program().values[static_cast<size_t>(value)].constant)].shape();
}

Value Executor::State::value_of(ValueIndex value) const {
  const plan::ValueDef& def = program().values[static_cast<size_t>(value)];
  if (def.constant >= 0) return executor.constants_[static_cast<size_t>(def.constant)];
  if (is_dynamic(value)) return dynamic[static_cast<size_t>(value)];
  return Tensor(def.type.dtype, binding->shapes[static_cast<size_t>(value)], pointer(value), nullptr);
}

void Executor::State::run_steps() {
  const int64_t begin_ns = control->timings != nullptr ? now_ns() : 0;
  std::optional<TaskTrace> trace;
  if (control->timings != nullptr) {
    control->timings->assign(program().steps.size(), {});
    if (control->tasks != nullptr) parallel = &trace.emplace(*parallel, begin_ns, *control->tasks).parallel();
  }
  for (size_t s = 0; s < program().steps.size(); ++s) {
    if (is_set(control->cancelled)) {
      fail(Code::kCancelled, "the run was stopped by the caller before step {}", s);
    }
    const int64_t start = control->timings != nullptr ? now_ns() : 0;
    if (trace) trace->begin_step(s);
    run_step(s);
    if (control->timings != nullptr) (*control->timings)[s] = {start - begin_ns, now_ns() - start};
    if (control->observe) observe(s, program().steps[s]);
    release_dynamic(s);
  }
}

void Executor::State::run_step(size_t index) {
  const Step& step = program().steps[index];
  try {
    switch (step.kind) {
      case StepKind::kKernel:
        executor.schedule_.steps[index].early ? run_kernel(index, step) : run_late_kernel(index, step);
        break;
      case StepKind::kView: run_view(step); break;
      case StepKind::kEvaluate: run_evaluation(index, step); break;
    }
  } catch (Error& error) {
    error.add_frame(step_frame(step));
    throw;
  }
}

void Executor::State::run_kernel(size_t index, const Step& step) {
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    step_inputs[i] = step.inputs[i] == plan::kNoValue ? nullptr : pointer(step.inputs[i]);
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    step_outputs[i] = step.outputs[i] == plan::kNoValue ? nullptr : const_cast<void*>(pointer(step.outputs[i]));
  }
  launch(*binding->kernels[index], arena.get() + binding->scratch[index]);
}

void Executor::State::launch(const kernels::BoundKernel& kernel, std::byte* scratch) {
  std::atomic<const char*> fault{nullptr};
  kernel.run({step_inputs.data(), step_outputs.data(), scratch, *parallel, &fault});
  if (const char* reason = fault.load(); reason != nullptr) fail(Code::kInvalidArgument, "{}", reason);
}

void Executor::State::run_late_kernel(size_t index, const Step& step) {
  for (const ValueIndex output : step.outputs) {
    if (output == plan::kNoValue || !is_dynamic(output)) continue;
    const plan::ValueDef& def = program().values[static_cast<size_t>(output)];
    dynamic[static_cast<size_t>(output)] = memory.tensor(def.type.dtype, evaluate_shape(*def.shape, symbols, def.name));
  }
  const auto problem = step_problem(program(), step, [&](ValueIndex v) { return shape_of(v); });
  const auto kernel = executor.schedule_.steps[index].row->bind(problem, executor.target_);
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    step_inputs[i] = step.inputs[i] == plan::kNoValue ? nullptr : pointer(step.inputs[i]);
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    step_outputs[i] = step.outputs[i] == plan::kNoValue ? nullptr : const_cast<void*>(pointer(step.outputs[i]));
  }
  late_scratch.resize(kernel->scratch_bytes + kScratchAlignment);
  const auto address = reinterpret_cast<uintptr_t>(late_scratch.data());
  std::byte* scratch = late_scratch.data() + (kScratchAlignment - address % kScratchAlignment) % kScratchAlignment;
  launch(*kernel, scratch);
}

void Executor::State::run_view(const Step& step) {
  const ValueIndex from = step.inputs[0], to = step.outputs[0];
  const plan::ValueDef& def = program().values[static_cast<size_t>(to)];
  if (is_dynamic(to)) {
    const Value source = is_lent(from) ? Value(value_of(from).tensor().clone()) : value_of(from);
    dynamic[static_cast<size_t>(to)] =
        def.shape ? Value(source.tensor().reshaped(evaluate_shape(*def.shape, symbols, def.name))) : source;
  } else if (is_dynamic(from)) {  // a late tensor whose shape turns out early
    const Tensor& source = dynamic[static_cast<size_t>(from)].tensor();
    std::memcpy(const_cast<void*>(pointer(to)), source.raw(), static_cast<size_t>(source.byte_size()));
  }
}

void Executor::State::run_evaluation(size_t index, const Step& step) {
  std::vector<Value> values;
  values.reserve(step.inputs.size());
  std::vector<const Value*> operands;
  std::set<const void*> lent;
  for (const ValueIndex input : step.inputs) {
    if (input == plan::kNoValue) {
      operands.push_back(nullptr);
      continue;
    }
    values.push_back(value_of(input));
    operands.push_back(&values.back());
    if (is_lent(input)) lent.insert(values.back().tensor().raw());
  }
  EvalHost host;
  host.symbols = &symbols;
  host.memory_budget = control->memory_budget;
  host.seed = control->seed + index * 0x9e3779b97f4a7c15ull;
  host.check_cancelled = [this] {
    if (is_set(control->cancelled)) {
      fail(Code::kCancelled, "the run was stopped by the caller");
    }
  };
  host.allocate = [&](size_t output, DType dtype, const Shape& shape) {
    const ValueIndex value = output < step.outputs.size() ? step.outputs[output] : plan::kNoValue;
    const bool planned = value != plan::kNoValue && !is_dynamic(value) &&
                         binding->shapes[static_cast<size_t>(value)] == shape &&
                         program().values[static_cast<size_t>(value)].type.dtype == dtype;
    return planned ? Tensor(dtype, shape, pointer(value), nullptr) : memory.tensor(dtype, shape);
  };
  RunControl body_control{control->cancelled, control->seed, control->memory_budget, nullptr, nullptr};
  host.run_body = [&](size_t body, std::vector<Value> body_inputs) {
    if (body >= executor.bodies_.size()) fail(Code::kInvalidPlan, "body {} does not exist", body);
    std::vector<Value> results(executor.program_.bodies[body]->outputs.size());
    executor.bodies_[body]->run(body_inputs, results, body_control, *parallel);
    return results;
  };
  auto results = evaluate(step.op, operands, host);
  results.resize(step.outputs.size());
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == plan::kNoValue) continue;
    store(step.outputs[i], is_dynamic(step.outputs[i]) ? owned(results[i], lent) : std::move(results[i]));
  }
}

void Executor::State::store(ValueIndex value, Value result) {
  const plan::ValueDef& def = program().values[static_cast<size_t>(value)];
  if (def.type.is_tensor() && (!result.is_tensor() || result.tensor().dtype() != def.type.dtype)) {
    fail(Code::kInternal, "{} was inferred as {}, the evaluation gave {}", def.name, def.type.text(),
         result.is_tensor() ? result.tensor().type_text() : "no tensor");
  }
  if (is_dynamic(value)) {
    if (result.is_tensor()) learn_shape(value, result.tensor().shape());
    dynamic[static_cast<size_t>(value)] = std::move(result);
    return;
  }
  const Tensor& tensor = result.tensor();
  if (tensor.shape() != binding->shapes[static_cast<size_t>(value)]) {
    fail(Code::kInternal, "{} was inferred as {}, the evaluation gave {}", def.name,
         shape_text(binding->shapes[static_cast<size_t>(value)]), shape_text(tensor.shape()));
  }
  void* place = const_cast<void*>(pointer(value));
  if (tensor.raw() != place) std::memcpy(place, tensor.raw(), static_cast<size_t>(tensor.byte_size()));
}

void Executor::State::learn_shape(ValueIndex value, const Shape& shape) {
  const plan::ValueDef& def = program().values[static_cast<size_t>(value)];
  if (!def.type.is_tensor() || !def.shape) return;
  // Sizes learnt in an earlier run or iteration give way to this one's.
  for (const Dim& dim : *def.shape) {
    if (const std::string symbol = dim.symbol_name(); !symbol.empty() && !binding->symbols.contains(symbol)) {
      symbols.erase(symbol);
    }
  }
  match_shape(*def.shape, shape, symbols, def.name);
}

void Executor::State::release_dynamic(size_t index) {
  const Step& step = program().steps[index];
  const auto release = [&](ValueIndex value) {
    if (value == plan::kNoValue || !is_dynamic(value)) return;
    if (scheduled(value).last == static_cast<int32_t>(index)) dynamic[static_cast<size_t>(value)] = {};
  };
  for (const ValueIndex input : step.inputs) release(input);
  for (const ValueIndex output : step.outputs) release(output);
}

void Executor::State::observe(size_t index, const Step& step) {
  std::vector<Value> values;
  for (const ValueIndex output : step.outputs) values.push_back(output == plan::kNoValue ? Value() : value_of(output));
  control->observe(index, values);
}

void Executor::State::finish() {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ValueIndex value = program().outputs[i];
    if (is_dynamic(value) || program().values[static_cast<size_t>(value)].type.dtype == DType::kString) {
      const Value result = value_of(value);
      const bool bound = outputs[i].is_tensor() && result.is_tensor();
      if (bound && result.tensor().dtype() != DType::kString &&
          outputs[i].tensor().shape() == result.tensor().shape() &&
          outputs[i].tensor().dtype() == result.tensor().dtype()) {
        std::memcpy(outputs[i].mutable_tensor().mutable_raw(), result.tensor().raw(),
                    static_cast<size_t>(result.tensor().byte_size()));
      } else {
        outputs[i] = result;
      }
    } else if (binding->copied_output[i]) {
      Tensor& target = outputs[i].mutable_tensor();
      std::memmove(target.mutable_raw(), pointer(value), static_cast<size_t>(target.byte_size()));
    }
  }
  for (const auto& [output, made] : staged) {
    std::memcpy(outputs[output].mutable_tensor().mutable_raw(), made.raw(), static_cast<size_t>(made.byte_size()));
  }
  staged.clear();
  for (Value& value : dynamic) value = {};
  memory.end_run();
  inputs = {};
  outputs = {};
}

}  // namespace ingot::runtime
