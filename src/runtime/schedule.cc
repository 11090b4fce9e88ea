#include "runtime/schedule.h"

#include <algorithm>
#include <set>

namespace ingot::runtime {
namespace {

using plan::Step;
using plan::StepKind;

bool is_early(const plan::ValueDef& value, const std::set<std::string>& symbols) {
  if (!value.type.is_tensor() || !value.shape) return false;
  std::set<std::string> used;
  for (const Dim& dim : *value.shape) dim.collect_symbols(used);
  return std::includes(symbols.begin(), symbols.end(), used.begin(), used.end());
}

std::set<std::string> input_symbols(const plan::Program& program) {
  std::set<std::string> symbols;
  for (const ValueIndex input : program.inputs) {
    const auto& shape = program.values[static_cast<size_t>(input)].shape;
    if (!shape) continue;
    for (const Dim& dim : *shape) {
      if (const std::string name = dim.symbol_name(); !name.empty()) symbols.insert(name);
    }
  }
  return symbols;
}

kernels::Problem packed_problem(const plan::Program& program, const Step& step) {
  kernels::Problem problem{step.op, {}, {}};
  for (const ValueIndex input : step.inputs) {
    kernels::Operand operand;
    if (input != plan::kNoValue) operand.dtype = program.values[static_cast<size_t>(input)].type.dtype;
    problem.inputs.push_back(operand);
  }
  for (const plan::PackedOperand& packed : step.packed) {
    problem.inputs[static_cast<size_t>(packed.input)] = {packed.dtype, packed.shape, true};
  }
  return problem;
}

const kernels::Row* resolve(const plan::Program& program, const Step& step) {
  const kernels::Row* row = kernels::find_row(step.row);
  if (row == nullptr) fail(Code::kForeignPlan, "this library has no kernel {}", step.row);
  if (row->isa > cpu_isa()) {
    fail(Code::kForeignPlan, "kernel {} needs {}, this CPU (or INGOT_ISA) has {}", step.row, isa_name(row->isa),
         isa_name(cpu_isa()));
  }
  const kernels::Problem problem = packed_problem(program, step);
  for (const plan::PackedOperand& packed : step.packed) {
    const char* layout = row->packing != nullptr ? row->packing(problem, static_cast<size_t>(packed.input)) : nullptr;
    if (layout == nullptr || packed.layout != layout) {
      fail(Code::kForeignPlan, "kernel {} packs input {} as {}, the plan holds {}", step.row, packed.input,
           layout != nullptr ? layout : "nothing", packed.layout);
    }
  }
  return row;
}

void define_inputs(Schedule& schedule, const std::set<std::string>& symbols) {
  const plan::Program& program = *schedule.program;
  for (size_t i = 0; i < program.values.size(); ++i) {
    ScheduledValue& value = schedule.values[i];
    value.root = static_cast<ValueIndex>(i);
    value.early = is_early(program.values[i], symbols);
    const bool string = program.values[i].type.dtype == DType::kString;
    if (program.values[i].constant >= 0) {
      value.storage = Storage::kConstant;
    } else if (value.early && !string) {
      value.storage = Storage::kPlanned;
    }
  }
  for (const ValueIndex input : program.inputs) {
    ScheduledValue& value = schedule.values[static_cast<size_t>(input)];
    if (value.storage == Storage::kPlanned) value.storage = Storage::kInput;
  }
}

bool step_is_early(const Schedule& schedule, const Step& step) {
  const auto early = [&](ValueIndex index) {
    return index == plan::kNoValue || schedule.values[static_cast<size_t>(index)].early;
  };
  return std::all_of(step.inputs.begin(), step.inputs.end(), early) &&
         std::all_of(step.outputs.begin(), step.outputs.end(), early);
}

}  // namespace

Schedule make_schedule(const plan::Program& program) {
  Schedule schedule;
  schedule.program = &program;
  schedule.values.resize(program.values.size());
  schedule.steps.resize(program.steps.size());
  define_inputs(schedule, input_symbols(program));
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const auto now = static_cast<int32_t>(s);
    if (step.kind == StepKind::kKernel) schedule.steps[s].row = resolve(program, step);
    schedule.steps[s].early = step_is_early(schedule, step);
    for (const ValueIndex output : step.outputs) {
      if (output == plan::kNoValue) continue;
      ScheduledValue& value = schedule.values[static_cast<size_t>(output)];
      value.first = value.last = now;
      const bool shares = step.kind == StepKind::kView && value.storage == Storage::kPlanned &&
                          schedule.values[static_cast<size_t>(step.inputs[0])].storage != Storage::kDynamic;
      if (shares) value.root = schedule.values[static_cast<size_t>(step.inputs[0])].root;
    }
    for (const ValueIndex input : step.inputs) {
      if (input == plan::kNoValue) continue;
      auto& value = schedule.values[static_cast<size_t>(input)];
      value.last = std::max(value.last, now);
      auto& root = schedule.values[static_cast<size_t>(value.root)];
      root.last = std::max(root.last, now);
    }
    for (const ValueIndex output : step.outputs) {
      if (output == plan::kNoValue) continue;
      auto& root = schedule.values[static_cast<size_t>(schedule.values[static_cast<size_t>(output)].root)];
      root.last = std::max(root.last, now);
    }
  }
  const auto end = static_cast<int32_t>(program.steps.size());
  for (const ValueIndex output : program.outputs) {
    auto& value = schedule.values[static_cast<size_t>(output)];
    value.last = end;
    schedule.values[static_cast<size_t>(value.root)].last = end;
  }
  return schedule;
}

}  // namespace ingot::runtime
