#include "runtime/device_views.h"

#include <algorithm>

#include "kernels/cuda/movement.h"
#include "ops/gather.h"
#include "ops/transpose.h"
#include "tensor/elements.h"

namespace ingot::runtime {
namespace {

using kernels::cuda::DeviceRow;
using plan::Step;
using plan::StepKind;

std::vector<int64_t> dense_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Strides under another shape of the same elements in the same order; nothing where they would not be strides.
std::optional<std::vector<int64_t>> reshaped(const Shape& from, const std::vector<int64_t>& strides, const Shape& to) {
  std::vector<int64_t> result(to.size(), 0);
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    if (i < from.size() && from[i] == 1) {
      ++i;
      continue;
    }
    if (j < to.size() && to[j] == 1) {
      ++j;
      continue;
    }
    if (i == from.size() || j == to.size()) return {};
    // The least runs of axes with equally many elements.
    size_t end_i = i + 1, end_j = j + 1;
    int64_t count_i = from[i], count_j = to[j];
    while (count_i != count_j) {
      if (count_i < count_j) {
        if (end_i == from.size()) return {};
        count_i *= from[end_i++];
      } else {
        if (end_j == to.size()) return {};
        count_j *= to[end_j++];
      }
    }
    int64_t inner = 0, last = -1;  // the run's axes must continue each other
    for (size_t axis = end_i; axis-- > i;) {
      if (from[axis] == 1) continue;
      if (last >= 0 && strides[axis] != last) return {};
      if (last < 0) inner = strides[axis];
      last = strides[axis] * from[axis];
    }
    for (size_t axis = end_j; axis-- > j;) {
      result[axis] = inner;
      inner *= to[axis];
    }
    i = end_i;
    j = end_j;
  }
  return result;
}

const DeviceRow* row_of(const Step& step) {
  return step.kind == StepKind::kKernel ? kernels::cuda::find_device_row(step.row) : nullptr;
}

}  // namespace

DeviceViews::DeviceViews(const plan::Program& program, const std::vector<Tensor>& constants,
                         const std::vector<Shape>& shapes, const SymbolValues& symbols,
                         const std::vector<bool>& device_step)
    : program_(program),
      constants_(constants),
      shapes_(shapes),
      symbols_(symbols),
      device_step_(device_step),
      skipped_(program.steps.size(), false),
      needed_(program.values.size(), false) {
  find_layouts();
  decide();
  merge_outputs();
}

StridedView DeviceViews::layout(ValueIndex value) const {
  const auto found = layouts_.find(value);
  return found != layouts_.end() ? found->second : StridedView{value, dense_strides(shape(value)), 0};
}

std::optional<StridedView> DeviceViews::layout_after(const Step& step) const {
  if (step.inputs.empty() || step.inputs[0] == plan::kNoValue || is_constant(step.inputs[0])) return {};
  const Shape &from = shape(step.inputs[0]), &to = shape(step.outputs[0]);
  if (element_count(to) == 0) return {};
  StridedView view = layout(step.inputs[0]);
  if (step.kind == StepKind::kView) {
    auto strides = reshaped(from, view.strides, to);
    if (!strides) return {};
    view.strides = std::move(*strides);
    return view;
  }
  if (const auto* transpose = step.op.as<Transpose>()) {
    std::vector<int64_t> strides;
    for (size_t i = 0; i < to.size(); ++i) {
      strides.push_back(view.strides[transpose->permutation.empty() ? to.size() - 1 - i
                                                                    : static_cast<size_t>(transpose->permutation[i])]);
    }
    view.strides = std::move(strides);
    return view;
  }
  if (const auto* slice = step.op.as<Slice>()) {
    for (const kernels::cuda::SliceRange& range : kernels::cuda::slice_ranges(*slice, from, symbols_)) {
      view.offset += range.start * view.strides[range.axis];
      view.strides[range.axis] *= range.step;
    }
    return view;
  }
  const auto* gather = step.op.as<Gather>();
  if (gather == nullptr || !is_constant(step.inputs[1]) || element_count(shape(step.inputs[1])) != 1) return {};
  const auto axis = static_cast<size_t>(normalize_axis(gather->axis, static_cast<int64_t>(from.size())));
  const Tensor& indices =
      constants_[static_cast<size_t>(program_.values[static_cast<size_t>(step.inputs[1])].constant)];
  int64_t index = read_int(indices, 0);
  if (index < 0) index += from[axis];
  if (index < 0 || index >= from[axis]) return {};
  view.offset += index * view.strides[axis];
  view.strides.erase(view.strides.begin() + static_cast<ptrdiff_t>(axis));
  view.strides.insert(view.strides.begin() + static_cast<ptrdiff_t>(axis), shape(step.inputs[1]).size(), 0);
  return view;
}

void DeviceViews::find_layouts() {
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    const Step& step = program_.steps[s];
    if (!device_step_[s] || step.outputs.size() != 1) continue;
    if (step.kind != StepKind::kView && !step.op.is<Transpose>() && !step.op.is<Slice>() && !step.op.is<Gather>())
      continue;
    if (auto view = layout_after(step)) layouts_.emplace(step.outputs[0], std::move(*view));
  }
}

// Kernels read 16 bytes at a time: rows must start there and lie densely.
bool DeviceViews::is_aligned(const StridedView& view, const Shape& shape) const {
  constexpr int64_t kAlignment = 8;
  if (view.offset % kAlignment != 0 || shape.empty()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool last = i + 1 == shape.size();
    if (shape[i] != 1 && (last ? view.strides[i] != 1 : view.strides[i] % kAlignment != 0)) return false;
  }
  return shape.back() % kAlignment == 0;
}

void DeviceViews::decide() {
  for (const ValueIndex output : program_.outputs) needed_[static_cast<size_t>(output)] = true;
  for (size_t s = program_.steps.size(); s-- > 0;) {
    const Step& step = program_.steps[s];
    const auto needed = [&](ValueIndex value) {
      return value != plan::kNoValue && needed_[static_cast<size_t>(value)];
    };
    if (device_step_[s] && step.outputs.size() == 1 && layouts_.count(step.outputs[0]) > 0 &&
        !needed(step.outputs[0])) {
      skipped_[s] = true;
      continue;
    }
    const DeviceRow* row = device_step_[s] ? row_of(step) : nullptr;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const ValueIndex input = step.inputs[i];
      if (input == plan::kNoValue) continue;
      const auto found = layouts_.find(input);
      if (row != nullptr && i < row->view_inputs && found != layouts_.end() &&
          is_aligned(found->second, shape(input))) {
        inputs_.emplace(std::pair(s, i), found->second);
        needed_[static_cast<size_t>(found->second.root)] = true;
      } else {
        needed_[static_cast<size_t>(input)] = true;
      }
    }
  }
}

// A result that is only transposed is written where the transposed one lies.
void DeviceViews::merge_outputs() {
  std::vector<std::vector<size_t>> users(program_.values.size());
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    for (const ValueIndex input : program_.steps[s].inputs) {
      if (input != plan::kNoValue) users[static_cast<size_t>(input)].push_back(s);
    }
  }
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    const Step& step = program_.steps[s];
    const DeviceRow* row = device_step_[s] && !skipped_[s] ? row_of(step) : nullptr;
    if (row == nullptr || !row->view_output || step.outputs.size() != 1) continue;
    const ValueIndex y = step.outputs[0];
    const auto& own = users[static_cast<size_t>(y)];
    const bool is_output = std::find(program_.outputs.begin(), program_.outputs.end(), y) != program_.outputs.end();
    const bool is_root =
        std::any_of(inputs_.begin(), inputs_.end(), [&](const auto& use) { return use.second.root == y; });
    if (own.size() != 1 || is_output || is_root) continue;
    const size_t t = own[0];
    const auto* transpose = program_.steps[t].op.as<Transpose>();
    if (transpose == nullptr || !device_step_[t] || skipped_[t] || program_.steps[t].kind != StepKind::kKernel)
      continue;
    const ValueIndex target = program_.steps[t].outputs[0];
    const auto strides = dense_strides(shape(target));
    StridedView view{target, std::vector<int64_t>(strides.size(), 0), 0};
    for (size_t i = 0; i < strides.size(); ++i) {
      view.strides[transpose->permutation.empty() ? strides.size() - 1 - i
                                                  : static_cast<size_t>(transpose->permutation[i])] = strides[i];
    }
    if (!is_aligned(view, shape(y))) continue;
    skipped_[t] = true;
    outputs_.emplace(std::pair(s, size_t{0}), std::move(view));
  }
}

}  // namespace ingot::runtime
