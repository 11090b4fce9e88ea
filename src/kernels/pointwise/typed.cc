#include "kernels/pointwise/typed.h"

#include <algorithm>

namespace ingot::kernels {
namespace {

// How often each value is read, dead instructions left out.
std::vector<int> count_uses(const ProgramSource& source) {
  std::vector<int> uses(source.inputs.size() + source.body.size(), 0);
  for (const int64_t result : source.results) ++uses[result];
  for (size_t i = source.body.size(); i-- > 0;) {
    if (uses[source.inputs.size() + i] == 0) continue;
    for (const int64_t operand : source.body[i].operands) ++uses[operand];
  }
  return uses;
}

TypedStep step_of(const TileInstruction& instruction, TypedFunction run, int64_t result) {
  TypedStep step;
  step.run = run;
  step.result = result;
  step.operand_count = instruction.operands.size();
  std::copy(instruction.operands.begin(), instruction.operands.end(), step.operands);
  if (const auto* unary = instruction.op.as<Unary>()) {
    step.alpha = unary->alpha;
    step.beta = unary->beta;
  }
  return step;
}

}  // namespace

TypedProgram compile_typed(const ProgramSource& source) {
  TypedProgram program;
  const size_t inputs = source.inputs.size();
  for (const ProgramInput& input : source.inputs) program.types.push_back(input.dtype);
  program.results.assign(source.results.begin(), source.results.end());
  program.slots.assign(inputs + source.body.size(), 0);
  std::vector<int> uses = count_uses(source);
  std::vector<bool> taken;
  for (size_t i = 0; i < source.body.size(); ++i) {
    const TileInstruction& instruction = source.body[i];
    std::vector<DType> operands;
    for (const int64_t operand : instruction.operands) operands.push_back(program.types[operand]);
    const auto value = static_cast<int64_t>(inputs + i);
    program.types.push_back(typed_result(instruction.op, operands));
    if (uses[value] == 0) continue;
    size_t slot = static_cast<size_t>(std::find(taken.begin(), taken.end(), false) - taken.begin());
    if (slot == taken.size()) taken.push_back(false);
    taken[slot] = true;
    program.slots[value] = slot;
    program.steps.push_back(step_of(instruction, find_typed(instruction.op, operands), value));
    for (const int64_t operand : instruction.operands) {
      if (--uses[operand] == 0 && operand >= static_cast<int64_t>(inputs)) taken[program.slots[operand]] = false;
    }
  }
  program.slot_count = taken.size();
  return program;
}

const char* refuse_typed(const ProgramSource& source) {
  if (source.inputs.size() + source.body.size() > kMaxTypedValues) return "too many values";
  if (source.inputs.size() > kMaxTypedInputs) return "too many operands";
  for (const TileInstruction& instruction : source.body) {
    if (instruction.operands.size() > 3) return "an operator of more than three operands";
  }
  const TypedProgram program = compile_typed(source);
  for (const TypedStep& step : program.steps) {
    if (step.run == nullptr) return "an operator or type that typed programs lack";
  }
  for (size_t i = 0; i < source.results.size(); ++i) {
    if (program.types[source.results[i]] != source.outputs[i]) return "an output's type is not that of its value";
  }
  for (const DType dtype : program.types) {
    if (dtype == DType::kString || dtype_bits(dtype) < 8 || dtype_bits(dtype) > 64) return "elements of unusual size";
  }
  return program.slot_count > kMaxTypedSlots ? "too many values alive at once" : nullptr;
}

}  // namespace ingot::kernels
