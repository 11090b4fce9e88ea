#include "runtime/host_step.h"

#include "base/error.h"
#include "ops/symbolic_fields.h"

namespace ingot::runtime {
namespace {

constexpr uintptr_t kAlignment = 64;

// The problem with all sizes known, or nothing.
std::optional<kernels::Problem> problem_of(const plan::Program& program, const plan::Step& step,
                                           std::span<const Value* const> operands, const SymbolValues& symbols) {
  for (const std::string& symbol : symbols_of(step.op)) {
    if (!symbols.contains(symbol)) return std::nullopt;
  }
  kernels::Problem problem{at_sizes(step.op, symbols), {}, {}};
  for (const Value* operand : operands) {
    if (operand != nullptr && !operand->is_tensor()) return std::nullopt;
    problem.inputs.emplace_back();
    if (operand != nullptr) problem.inputs.back() = {operand->tensor().dtype(), operand->tensor().shape(), false};
  }
  for (const plan::ValueIndex output : step.outputs) {
    problem.outputs.emplace_back();
    if (output == plan::kNoValue) continue;
    const plan::ValueDef& def = program.values[static_cast<size_t>(output)];
    if (!def.type.is_tensor() || !def.shape) return std::nullopt;
    kernels::Operand& operand = problem.outputs.back();
    operand.dtype = def.type.dtype;
    for (const Dim& dim : *def.shape) {
      const auto size = dim.eval(symbols);
      if (!size || *size < 0) return std::nullopt;
      operand.shape.push_back(*size);
    }
  }
  return problem;
}

std::vector<Value> run_kernel(const kernels::Row& row, const kernels::Problem& problem,
                              std::span<const Value* const> operands, const kernels::Target& target,
                              const kernels::Parallel& parallel) {
  const auto kernel = row.bind(problem, target);
  std::vector<const void*> inputs;
  for (const Value* operand : operands) inputs.push_back(operand == nullptr ? nullptr : operand->tensor().raw());
  std::vector<Value> results(problem.outputs.size());
  std::vector<void*> outputs(problem.outputs.size(), nullptr);
  for (size_t i = 0; i < results.size(); ++i) {
    if (!problem.outputs[i].present()) continue;
    Tensor tensor = Tensor::uninitialized(problem.outputs[i].dtype, problem.outputs[i].shape);
    outputs[i] = tensor.mutable_raw();
    results[i] = std::move(tensor);
  }
  std::vector<std::byte> scratch(kernel->scratch_bytes + kAlignment);
  const auto address = reinterpret_cast<uintptr_t>(scratch.data());
  std::byte* aligned = scratch.data() + (kAlignment - address % kAlignment) % kAlignment;
  std::atomic<const char*> fault{nullptr};
  kernel->run({inputs.data(), outputs.data(), aligned, parallel, &fault});
  if (const char* reason = fault.load(); reason != nullptr) fail(Code::kInvalidArgument, "{}", reason);
  return results;
}

}  // namespace

std::vector<Value> run_on_host(const plan::Program& program, const plan::Step& step,
                               std::span<const Value* const> operands, const SymbolValues& symbols,
                               const EvalHost& host, const kernels::Target& target, const kernels::Parallel& parallel) {
  if (const auto problem = problem_of(program, step, operands, symbols)) {
    const kernels::Candidate chosen = kernels::pick(*problem, target);
    if (chosen.row != nullptr) return run_kernel(*chosen.row, *problem, operands, target, parallel);
  }
  return evaluate(step.op, operands, host);
}

}  // namespace ingot::runtime
