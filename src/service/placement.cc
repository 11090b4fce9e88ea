#include "service/placement.h"

#include <algorithm>
#include <set>

#include "kernels/work.h"

namespace ingot::service {
namespace {

// Of a GPU of the data centre, on the safe side of what its kernels reach.
constexpr double kLaunchNs = 3e3, kFlopsPerNs = 5e4, kBytesPerNs = 1e3;
// Of PCIe, and of the halt that a step on the host is for the device.
constexpr double kTransferNs = 1e4, kTransferBytesPerNs = 20, kHaltNs = 2e4;
// Of an operator's evaluation on the host.
constexpr double kEvaluationNsPerElement = 20;
constexpr double kMargin = 1.5;

Shape supposed_shape(const plan::Plan& plan, plan::ValueIndex index) {
  const plan::ValueDef& value = plan.program.values[static_cast<size_t>(index)];
  Shape shape;
  for (const Dim& dim : value.shape.value_or(DimShape())) {
    std::set<std::string> symbols;
    dim.collect_symbols(symbols);
    SymbolValues sizes;
    for (const std::string& symbol : symbols) sizes[symbol] = kSupposedSize;
    int64_t size = kSupposedSize;
    try {
      size = dim.eval(sizes).value_or(kSupposedSize);
    } catch (const Error&) {
      // The sizes supposed do not fit each other.
    }
    shape.push_back(std::max<int64_t>(size, 1));
  }
  return shape;
}

double bytes_of(const kernels::Operand& operand) {
  double bytes = dtype_bits(operand.dtype) / 8.0;
  for (const int64_t size : operand.shape) bytes *= static_cast<double>(size);
  return bytes;
}

class Estimate {
 public:
  Estimate(const plan::Plan& plan, const kernels::Target& host)
      : plan_(plan), host_(host), on_device_(plan.program.values.size(), false) {}

  Placement run() {
    for (const plan::Step& step : plan_.program.steps) add(step);
    placement_.cpu /= 1e6, placement_.device /= 1e6, placement_.transfers /= 1e6;
    return placement_;
  }

 private:
  bool is_constant(plan::ValueIndex value) const {
    return plan_.program.values[static_cast<size_t>(value)].constant >= 0;
  }

  void add(const plan::Step& step) {
    if (step.kind == plan::StepKind::kView) {
      on_device_[static_cast<size_t>(step.outputs[0])] = on_device_[static_cast<size_t>(step.inputs[0])];
      return;
    }
    const auto problem = problem_of(step);
    if (!problem) return;  // no tensors: little to do
    const kernels::Candidate candidate = kernels::pick(*problem, host_);
    double elements = 0;
    for (const auto* list : {&problem->inputs, &problem->outputs}) {
      for (const kernels::Operand& operand : *list) {
        if (operand.present()) elements += static_cast<double>(element_count(operand.shape));
      }
    }
    const double cpu = candidate.row != nullptr ? candidate.cost : elements * kEvaluationNsPerElement;
    placement_.cpu += cpu;
    if (step.kind == plan::StepKind::kKernel) {
      const auto work = kernels::work_of(*problem);
      placement_.device += kLaunchNs;
      if (work) placement_.device += std::max(work->flops / kFlopsPerNs, work->bytes / kBytesPerNs);
    } else {
      placement_.device += cpu + transfers(step, *problem);
    }
    for (const plan::ValueIndex output : step.outputs) {
      if (output != plan::kNoValue) on_device_[static_cast<size_t>(output)] = step.kind == plan::StepKind::kKernel;
    }
  }

  std::optional<kernels::Problem> problem_of(const plan::Step& step) const {
    kernels::Problem problem{step.op, {}, {}};
    const auto add = [&](plan::ValueIndex value, std::vector<kernels::Operand>& to) {
      to.emplace_back();
      if (value == plan::kNoValue) return true;
      const plan::ValueDef& def = plan_.program.values[static_cast<size_t>(value)];
      if (!def.type.is_tensor() || !def.shape) return false;
      to.back() = {def.type.dtype, supposed_shape(plan_, value), def.constant >= 0};
      return true;
    };
    for (const plan::ValueIndex input : step.inputs) {
      if (!add(input, problem.inputs)) return std::nullopt;
    }
    for (const plan::ValueIndex output : step.outputs) {
      if (!add(output, problem.outputs)) return std::nullopt;
    }
    return problem;
  }

  double transfers(const plan::Step& step, const kernels::Problem& problem) {
    double time = 0;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] == plan::kNoValue || !on_device_[static_cast<size_t>(step.inputs[i])]) continue;
      time += kHaltNs + kTransferNs + bytes_of(problem.inputs[i]) / kTransferBytesPerNs;
    }
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == plan::kNoValue) continue;
      time += kTransferNs + bytes_of(problem.outputs[i]) / kTransferBytesPerNs;
    }
    placement_.transfers += time;
    placement_.host_steps += 1;
    return time;
  }

  const plan::Plan& plan_;
  const kernels::Target& host_;
  std::vector<bool> on_device_;
  Placement placement_;
};

}  // namespace

bool Placement::prefers_cpu() const { return host_steps > 0 && cpu * kMargin < device; }

Placement estimate_placement(const plan::Plan& plan, const kernels::Target& host) { return Estimate(plan, host).run(); }

}  // namespace ingot::service
