// A step of an accelerator's program that runs on the host.
#pragma once
#include "kernels/kernel.h"
#include "ops/eval.h"
#include "plan/plan.h"

namespace ingot::runtime {

// The step's results: by a kernel of this CPU where one takes the operands as they lie and the results' sizes follow
// from `symbols`, else by the operator's evaluation. `operands`: null where absent. Throws as they do.
std::vector<Value> run_on_host(const plan::Program& program, const plan::Step& step,
                               std::span<const Value* const> operands, const SymbolValues& symbols,
                               const EvalHost& host, const kernels::Target& target, const kernels::Parallel& parallel);

}  // namespace ingot::runtime
