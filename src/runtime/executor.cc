#include "runtime/executor.h"

#include <algorithm>

#include "runtime/executor_state.h"

namespace ingot::runtime {
namespace {

constexpr size_t kMaxBindings = 64;    // of one program, least recently used dropped
constexpr size_t kMaxIdleStates = 64;  // memory kept for later runs

void check_input(const plan::ValueDef& expected, const Value& value) {
  if (!expected.type.is_tensor()) return;
  if (!value.is_tensor())
    fail(Code::kInvalidArgument, "input {}: expected a tensor of {}", expected.name, expected.type.text());
  if (value.tensor().dtype() != expected.type.dtype) {
    fail(Code::kInvalidArgument, "input {}: expected elements of type {}, got {}", expected.name,
         onnx_name(expected.type.dtype), onnx_name(value.tensor().dtype()));
  }
}

const Shape& shape_key(const Value& value) {
  static const Shape kNone;
  return value.is_tensor() ? value.tensor().shape() : kNone;
}

}  // namespace

Executor::Executor(const plan::Program& program, const std::vector<Tensor>& constants, const kernels::Target& target)
    : program_(program), constants_(constants), target_(target), schedule_(make_schedule(program)) {
  for (const auto& body : program.bodies) bodies_.push_back(std::make_unique<Executor>(*body, constants, target));
}

Executor::~Executor() = default;

std::shared_ptr<const Binding> Executor::bind(std::span<const Shape> input_shapes) {
  const auto equal = [&](const std::shared_ptr<const Binding>& binding) {
    return std::equal(binding->input_shapes.begin(), binding->input_shapes.end(), input_shapes.begin(),
                      input_shapes.end());
  };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(bindings_.begin(), bindings_.end(), equal);
    if (found != bindings_.end()) {
      std::rotate(bindings_.begin(), found, found + 1);
      return bindings_.front();
    }
  }
  std::shared_ptr<const Binding> made = bind_shapes(schedule_, target_, input_shapes);
  const std::lock_guard lock(mutex_);
  bindings_.insert(bindings_.begin(), made);
  if (bindings_.size() > kMaxBindings) bindings_.pop_back();
  return made;
}

std::shared_ptr<const Binding> Executor::find_binding(std::span<const Value> inputs) {
  const auto matches = [&](const std::shared_ptr<const Binding>& binding) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (binding->input_shapes[i] != shape_key(inputs[i])) return false;
    }
    return true;
  };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(bindings_.begin(), bindings_.end(), matches);
    if (found != bindings_.end()) {
      std::rotate(bindings_.begin(), found, found + 1);
      return bindings_.front();
    }
  }
  std::vector<Shape> shapes;
  for (const Value& input : inputs) shapes.push_back(shape_key(input));
  return bind(shapes);
}

// Memory lies near the threads that first wrote to it: those threads get it again.
std::unique_ptr<Executor::State> Executor::acquire_state(const kernels::Parallel& parallel) {
  {
    const std::lock_guard lock(mutex_);
    const auto own = std::find_if(idle_states_.begin(), idle_states_.end(),
                                  [&](const auto& state) { return state->parallel == &parallel; });
    if (own != idle_states_.end()) {
      auto state = std::move(*own);
      idle_states_.erase(own);
      return state;
    }
  }
  return std::make_unique<State>(*this);
}

void Executor::release_state(std::unique_ptr<State> state) {
  const std::lock_guard lock(mutex_);
  if (idle_states_.size() < kMaxIdleStates) idle_states_.push_back(std::move(state));
}

void check_operands(const plan::Program& program, std::span<const Value> inputs, std::span<const Value> outputs) {
  if (inputs.size() != program.inputs.size() || outputs.size() != program.outputs.size()) {
    fail(Code::kInvalidArgument, "{} takes {} inputs and gives {} outputs; got {} and {}", program.name,
         program.inputs.size(), program.outputs.size(), inputs.size(), outputs.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    check_input(program.values[static_cast<size_t>(program.inputs[i])], inputs[i]);
  }
}

void Executor::run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
                   const kernels::Parallel& parallel) {
  check_operands(program_, inputs, outputs);
  auto state = acquire_state(parallel);
  state->control = &control;
  state->parallel = &parallel;
  state->begin(find_binding(inputs), inputs, outputs);
  state->run_steps();
  state->finish();
  state->parallel = &parallel;      // a traced run had one of its own
  release_state(std::move(state));  // after an error the state is dropped instead
}

std::vector<std::pair<size_t, std::string>> Executor::allocating_steps() const {
  std::vector<std::pair<size_t, std::string>> steps;
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    const plan::Step& step = program_.steps[s];
    if (step.kind == plan::StepKind::kEvaluate) {
      steps.emplace_back(s, "evaluation: " + step.reason);
    } else if (!schedule_.steps[s].early) {
      steps.emplace_back(s, "its shapes are known only at run time");
    }
  }
  return steps;
}

}  // namespace ingot::runtime
