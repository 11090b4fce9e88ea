#include "runtime/device_groups.h"

#include <algorithm>
#include <set>

#include "runtime/binding.h"

namespace ingot::runtime {
namespace {

// Whether the step runs as a kernel on operands that all lie densely in their own memory.
bool is_plain(const plan::Program& program, const DeviceViews& views, const std::vector<bool>& device_step, size_t s) {
  const plan::Step& step = program.steps[s];
  if (!device_step[s] || step.kind != plan::StepKind::kKernel || views.skipped(s) || views.copies(s)) return false;
  if (step.outputs.size() != 1 || views.output(s) != nullptr) return false;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    if (views.input(s, i) != nullptr) return false;
  }
  return true;
}

}  // namespace

std::map<size_t, StepPair> find_pairs(const plan::Program& program, const std::vector<Shape>& shapes,
                                      const DeviceViews& views, const std::vector<bool>& device_step) {
  std::map<size_t, StepPair> pairs;
  std::set<size_t> taken;
  const auto readers = views.readers();
  const auto problem = [&](size_t s) {
    return step_problem(program, program.steps[s],
                        [&](ValueIndex value) { return shapes[static_cast<size_t>(value)]; });
  };
  for (size_t s = 0; s < program.steps.size(); ++s) {
    if (taken.contains(s) || !is_plain(program, views, device_step, s)) continue;
    const ValueIndex between = program.steps[s].outputs[0];
    const auto& own = readers[static_cast<size_t>(between)];
    const bool is_output = std::find(program.outputs.begin(), program.outputs.end(), between) != program.outputs.end();
    if (is_output || own.size() != 1 || !is_plain(program, views, device_step, own[0])) continue;
    if (program.steps[own[0]].inputs[0] != between) continue;
    for (const auto& row : kernels::cuda::group_rows()) {
      if (!row.takes(problem(s), problem(own[0]))) continue;
      pairs[own[0]] = {s, &row};
      taken.insert(own[0]);
      break;
    }
  }
  return pairs;
}

}  // namespace ingot::runtime
