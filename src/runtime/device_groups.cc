#include "runtime/device_groups.h"

#include <algorithm>
#include <set>

#include "runtime/binding.h"

namespace ingot::runtime {
namespace {

// Whether the step runs as a kernel and writes its only result densely.
bool is_kernel(const plan::Program& program, const DeviceViews& views, const std::vector<bool>& device_step, size_t s) {
  const plan::Step& step = program.steps[s];
  if (!device_step[s] || step.kind != plan::StepKind::kKernel || views.skipped(s) || views.copies(s)) return false;
  return step.outputs.size() == 1 && views.output(s) == nullptr;
}

bool has_views(const plan::Program& program, const DeviceViews& views, size_t s) {
  for (size_t i = 0; i < program.steps[s].inputs.size(); ++i) {
    if (views.input(s, i) != nullptr) return true;
  }
  return false;
}

// Of the inputs, those with strides as moved ones.
std::vector<kernels::cuda::OperandView> moved_views(const kernels::Problem& problem, const DeviceViews& views,
                                                    size_t s) {
  std::vector<kernels::cuda::OperandView> result(problem.inputs.size());
  for (size_t i = 0; i < result.size(); ++i) {
    const DeviceView* view = views.input(s, i);
    if (view == nullptr) continue;
    result[i].moved = view->operand.moved;
    if (view->operand.strides.empty()) continue;
    const Shape& shape = problem.inputs[i].shape;
    result[i].moved.layers = {{shape, 0, {{shape.empty() ? 1 : shape[0], 0, view->operand.strides, 0}}}};
  }
  return result;
}

}  // namespace

std::map<size_t, StepPair> find_pairs(const plan::Program& program, const std::vector<Shape>& shapes,
                                      const DeviceViews& views, const std::vector<bool>& device_step, DType storage) {
  std::map<size_t, StepPair> pairs;
  std::set<size_t> taken;
  const auto readers = views.readers();
  const auto problem = [&](size_t s) {
    return step_problem(program, program.steps[s],
                        [&](ValueIndex value) { return shapes[static_cast<size_t>(value)]; });
  };
  for (size_t s = 0; s < program.steps.size(); ++s) {
    if (taken.contains(s) || !is_kernel(program, views, device_step, s)) continue;
    const ValueIndex between = program.steps[s].outputs[0];
    const auto& own = readers[static_cast<size_t>(between)];
    const bool is_output = std::find(program.outputs.begin(), program.outputs.end(), between) != program.outputs.end();
    if (own.empty() || taken.contains(own[0]) || !is_kernel(program, views, device_step, own[0])) continue;
    if (program.steps[own[0]].inputs[0] != between || has_views(program, views, own[0])) continue;
    const bool kept = is_output || own.size() > 1;
    for (const auto& row : kernels::cuda::group_rows()) {
      if ((kept && !row.keeps) || (!row.views && has_views(program, views, s))) continue;
      const kernels::Problem first = problem(s);
      if (!row.takes(first, problem(own[0]), storage)) continue;
      pairs[own[0]] = {s, &row, kept, moved_views(first, views, s)};
      taken.insert({s, own[0]});
      break;
    }
  }
  return pairs;
}

}  // namespace ingot::runtime
