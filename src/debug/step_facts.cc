#include "debug/step_facts.h"

#include <algorithm>
#include <chrono>

#include "runtime/binding.h"

namespace ingot::debug {
namespace {

using Clock = std::chrono::steady_clock;

void learn(Measured& measured, plan::ValueIndex value, const Shape& shape) {
  if (value == plan::kNoValue) return;
  measured.shapes[static_cast<size_t>(value)] = shape;
  measured.seen[static_cast<size_t>(value)] = true;
}

StepTimes times_of(std::vector<int64_t> samples) {
  std::nth_element(samples.begin(), samples.begin() + static_cast<int64_t>(samples.size() / 2), samples.end());
  return {samples[samples.size() / 2], *std::min_element(samples.begin(), samples.end())};
}

// One run that shows the shapes which depend on data.
void observe_shapes(runtime::Session& session, std::span<const Value> inputs, std::vector<Value>& outputs,
                    Measured& measured) {
  const plan::Program& program = session.plan().program;
  runtime::RunControl control;
  control.observe = [&](size_t step, std::span<const Value> results) {
    for (size_t i = 0; i < results.size() && i < program.steps[step].outputs.size(); ++i) {
      if (results[i].is_tensor()) learn(measured, program.steps[step].outputs[i], results[i].tensor().shape());
    }
  };
  session.run(inputs, outputs, control);
}

}  // namespace

Measured shapes_of(const plan::Program& program, std::span<const Value> inputs) {
  Measured measured;
  measured.shapes.resize(program.values.size());
  measured.seen.assign(program.values.size(), false);
  SymbolValues symbols;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const plan::ValueDef& def = program.values[static_cast<size_t>(program.inputs[i])];
    if (!inputs[i].is_tensor()) continue;
    const Shape& shape = inputs[i].tensor().shape();
    learn(measured, program.inputs[i], shape);
    if (def.type.is_tensor() && def.shape) runtime::match_shape(*def.shape, shape, symbols, "input " + def.name);
  }
  for (size_t i = 0; i < program.values.size(); ++i) {
    if (measured.seen[i] || !program.values[i].shape) continue;
    Shape shape;
    for (const Dim& dim : *program.values[i].shape) {
      if (const auto size = dim.eval(symbols); size && *size >= 0) shape.push_back(*size);
    }
    if (shape.size() == program.values[i].shape->size()) learn(measured, static_cast<plan::ValueIndex>(i), shape);
  }
  return measured;
}

Measured measure(runtime::Session& session, std::span<const Value> inputs, int rounds, const Progress& progress) {
  const plan::Program& program = session.plan().program;
  runtime::check_operands(program, inputs, std::vector<Value>(program.outputs.size()));
  Measured measured = shapes_of(program, inputs);
  if (rounds <= 0) return measured;
  std::vector<Value> outputs(program.outputs.size());
  progress.report("measure", 0, static_cast<size_t>(rounds));
  observe_shapes(session, inputs, outputs, measured);
  session.run(inputs, outputs);
  std::vector<runtime::StepTiming> timings;
  runtime::RunControl control;
  control.timings = &timings;
  const bool apart = session.device() != nullptr;  // its steps are timed after a run
  std::vector<std::vector<int64_t>> samples(program.steps.size());
  std::vector<int64_t> totals;
  for (int round = 0; round < rounds; ++round) {
    progress.report("measure", static_cast<size_t>(round), static_cast<size_t>(rounds));
    const auto begin = Clock::now();
    session.run(inputs, outputs, apart ? runtime::RunControl() : control);
    totals.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
    if (apart) session.run(inputs, outputs, control);
    for (size_t s = 0; s < timings.size(); ++s) samples[s].push_back(timings[s].duration_ns);
  }
  measured.total_ns = times_of(std::move(totals)).median_ns;
  for (auto& each : samples) measured.steps.push_back(times_of(std::move(each)));
  return measured;
}

kernels::Problem problem_of(const plan::Program& program, size_t index, const Measured& measured) {
  return runtime::step_problem(program, program.steps[index], [&](plan::ValueIndex value) {
    const auto v = static_cast<size_t>(value);
    if (measured.seen[v]) return measured.shapes[v];
    return program.values[v].shape ? Shape(program.values[v].shape->size(), -1) : Shape();
  });
}

}  // namespace ingot::debug
