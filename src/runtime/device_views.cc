#include "runtime/device_views.h"

#include <algorithm>

#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/slice.h"
#include "ops/symbolic_fields.h"
#include "ops/transpose.h"
#include "runtime/binding.h"
#include "tensor/elements.h"

namespace ingot::runtime {
namespace {

using kernels::cuda::dense_strides;
using kernels::cuda::DeviceRow;
using kernels::cuda::Moved;
using kernels::cuda::MovedLayer;
using kernels::cuda::MovedPiece;
using kernels::cuda::MovedSource;
using plan::Step;
using plan::StepKind;

constexpr size_t kMostRoots = 64, kMostStepRoots = 256;  // kernels take 4 KB of parameters
constexpr size_t kMostLayers = 4;
constexpr int64_t kAlignment = 8;  // elements that kernels read at once

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

bool is_movement(const Op& op) {
  return op.is<Transpose>() || op.is<Slice>() || op.is<Gather>() || op.is<Concat>() || op.is<Expand>();
}

// Kernels read 16 bytes at a time: rows must start there and lie densely.
bool is_aligned(const std::vector<int64_t>& strides, int64_t offset, const Shape& shape) {
  if (offset % kAlignment != 0 || shape.empty()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool last = i + 1 == shape.size();
    if (shape[i] != 1 && (last ? strides[i] != 1 : strides[i] % kAlignment != 0)) return false;
  }
  return shape.back() % kAlignment == 0;
}

bool is_aligned(const Moved& moved) { return kernels::cuda::moved_run(moved) % kAlignment == 0; }

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
      copies_(program.steps.size(), false),
      needed_(program.values.size(), false) {
  find_layouts();
  decide();
  merge_outputs();
}

bool DeviceViews::is_output(ValueIndex value) const {
  return std::find(program_.outputs.begin(), program_.outputs.end(), value) != program_.outputs.end();
}

DeviceViews::Layout DeviceViews::layout(ValueIndex value) const {
  const auto found = layouts_.find(value);
  return found != layouts_.end() ? found->second : Layout{{}, {value}};
}

// The input as a source of one more layer, taken off the layout where strides say all of its first layer.
MovedSource DeviceViews::take_source(ValueIndex input, Layout& layout) const {
  auto& layers = layout.moved.layers;
  if (!layers.empty() && layers[0].pieces.size() == 1) {
    const MovedPiece piece = layers[0].pieces[0];
    if (auto strides = reshaped(layers[0].shape, piece.strides, shape(input))) {
      layers.erase(layers.begin());
      return {shape(input), std::move(*strides), piece.base};
    }
  }
  return kernels::cuda::dense_source(shape(input));
}

// A pick of one constant index as the slice that it is.
std::optional<MovedLayer> DeviceViews::picked(const Step& step, const MovedSource& x) const {
  const Shape& to = shape(step.outputs[0]);
  if (!is_constant(step.inputs[1]) || element_count(shape(step.inputs[1])) != 1) return {};
  const auto rank = static_cast<int64_t>(x.shape.size());
  const auto axis = static_cast<ptrdiff_t>(normalize_axis(step.op.as<Gather>()->axis, rank));
  const Tensor& indices =
      constants_[static_cast<size_t>(program_.values[static_cast<size_t>(step.inputs[1])].constant)];
  const int64_t size = x.shape[static_cast<size_t>(axis)];
  int64_t index = read_int(indices, 0);
  if (index < 0) index += size;
  if (index < 0 || index >= size) return {};
  MovedPiece piece{to.empty() ? 1 : to[0], 0, x.strides, x.base};
  piece.base += index * piece.strides[static_cast<size_t>(axis)];
  piece.strides.erase(piece.strides.begin() + axis);
  piece.strides.insert(piece.strides.begin() + axis, shape(step.inputs[1]).size(), 0);
  return MovedLayer{to, 0, {std::move(piece)}};
}

std::optional<DeviceViews::Layout> DeviceViews::layout_after(const Step& step) const {
  if (step.inputs.empty() || element_count(shape(step.outputs[0])) == 0) return {};
  if (step.kind == StepKind::kView) return layout(step.inputs[0]);
  const size_t count = step.op.is<Concat>() ? step.inputs.size() : 1;
  if (step.inputs.size() > kMostRoots) return {};
  std::vector<MovedSource> sources;
  std::vector<Layout> rest;
  for (size_t i = 0; i < count; ++i) {
    rest.push_back(layout(step.inputs[i]));
    sources.push_back(take_source(step.inputs[i], rest.back()));
  }
  const bool alike = std::all_of(rest.begin(), rest.end(), [&](const Layout& each) {
    return each.moved.layers == rest[0].moved.layers && each.roots == rest[0].roots;
  });
  Layout result;
  for (size_t i = 0; !alike && i < count; ++i) {  // several memories: none of them behind more layers
    if (!rest[i].moved.empty() || rest[i].roots.size() > 1) {
      rest[i] = {{}, {step.inputs[i]}};
      sources[i] = kernels::cuda::dense_source(shape(step.inputs[i]));
    }
    const ValueIndex root = rest[i].roots[0];
    if (std::find(result.roots.begin(), result.roots.end(), root) == result.roots.end()) result.roots.push_back(root);
  }
  if (alike) result = rest[0];
  auto layer = step.op.is<Gather>()
                   ? picked(step, sources[0])
                   : kernels::cuda::moved_layer(at_sizes(step.op, symbols_), sources, shape(step.outputs[0]));
  if (!layer || result.moved.layers.size() == kMostLayers) return {};
  for (MovedPiece& piece : layer->pieces) {
    const auto& roots = result.roots;
    piece.root =
        alike ? 0
              : static_cast<size_t>(std::find(roots.begin(), roots.end(), rest[piece.root].roots[0]) - roots.begin());
  }
  result.moved.layers.insert(result.moved.layers.begin(), std::move(*layer));
  result.moved.roots = result.roots.size();
  return result;
}

void DeviceViews::find_layouts() {
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    const Step& step = program_.steps[s];
    if (!device_step_[s] || step.outputs.size() != 1) continue;
    if (step.kind != StepKind::kView && !is_movement(step.op)) continue;
    if (auto found = layout_after(step)) layouts_.emplace(step.outputs[0], std::move(*found));
  }
}

// The value as a strided view of one memory, where it is one.
std::optional<DeviceView> DeviceViews::strided(ValueIndex value) const {
  const Layout found = layout(value);
  const auto& layers = found.moved.layers;
  if (found.roots.size() != 1 || is_constant(found.roots[0]) || layers.size() > 1) return {};
  if (layers.empty()) return DeviceView{found.roots, {dense_strides(shape(value)), {}}, 0};
  if (layers[0].pieces.size() != 1) return {};
  auto strides = reshaped(layers[0].shape, layers[0].pieces[0].strides, shape(value));
  if (!strides) return {};
  return DeviceView{found.roots, {std::move(*strides), {}}, layers[0].pieces[0].base};
}

// How the row reads the input where it lies; nothing where it wants it densely.
std::optional<DeviceView> DeviceViews::view_for(const DeviceRow& row, size_t index, ValueIndex input) const {
  const auto found = layouts_.find(input);
  if (found == layouts_.end()) return {};
  if (index < row.view_inputs) {
    auto view = strided(input);
    if (view && is_aligned(view->operand.strides, view->offset, shape(input))) return view;
  }
  const Moved& moved = found->second.moved;
  if (index >= row.moved_inputs || moved.empty()) return {};
  if (row.takes != nullptr ? !row.takes(index, moved) : !is_aligned(moved)) return {};
  return DeviceView{found->second.roots, {{}, moved}, 0};
}

void DeviceViews::decide() {
  for (const ValueIndex output : program_.outputs) needed_[static_cast<size_t>(output)] = true;
  const auto use = [&](size_t step, size_t input, DeviceView view) {
    for (const ValueIndex root : view.roots) needed_[static_cast<size_t>(root)] = true;
    inputs_.emplace(std::pair(step, input), std::move(view));
  };
  for (size_t s = program_.steps.size(); s-- > 0;) {
    const Step& step = program_.steps[s];
    const auto found = step.outputs.size() == 1 ? layouts_.find(step.outputs[0]) : layouts_.end();
    const bool moves = device_step_[s] && found != layouts_.end();
    if (moves && !needed_[static_cast<size_t>(step.outputs[0])]) {
      skipped_[s] = true;
      continue;
    }
    if (moves && step.kind == StepKind::kKernel) {
      copies_[s] = true;
      use(s, 0, {found->second.roots, {{}, found->second.moved}, 0});
      continue;
    }
    const DeviceRow* row = device_step_[s] ? row_of(step) : nullptr;
    size_t roots = 0;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] == plan::kNoValue) continue;
      auto view = row != nullptr ? view_for(*row, i, step.inputs[i]) : std::nullopt;
      if (view && (roots += view->roots.size()) <= kMostStepRoots) {
        use(s, i, std::move(*view));
      } else {
        needed_[static_cast<size_t>(step.inputs[i])] = true;
      }
    }
  }
}

std::vector<ValueIndex> DeviceViews::read(size_t step, size_t index) const {
  if (const DeviceView* view = input(step, index)) return view->roots;
  if (skipped_[step] || copies_[step]) return {};
  const ValueIndex value = program_.steps[step].inputs[index];
  return value == plan::kNoValue ? std::vector<ValueIndex>{} : std::vector<ValueIndex>{value};
}

std::vector<std::vector<size_t>> DeviceViews::readers() const {
  std::vector<std::vector<size_t>> result(program_.values.size());
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    for (size_t i = 0; i < program_.steps[s].inputs.size(); ++i) {
      for (const ValueIndex value : read(s, i)) result[static_cast<size_t>(value)].push_back(s);
    }
  }
  return result;
}

// A result that is only moved as whole rows, which a row computes one by one, is computed in the order after.
void DeviceViews::merge_outputs() {
  const auto readers = this->readers();
  for (size_t s = 0; s < program_.steps.size(); ++s) {
    const Step& step = program_.steps[s];
    const DeviceRow* row = device_step_[s] && !skipped_[s] && !copies_[s] ? row_of(step) : nullptr;
    if (row == nullptr || step.outputs.size() != 1 || is_output(step.outputs[0])) continue;
    const auto& own = readers[static_cast<size_t>(step.outputs[0])];
    if (own.size() != 1 || !copies_[own[0]]) continue;
    const size_t t = own[0];
    const DeviceView& moved = inputs_.at({t, 0});
    if (moved.roots.size() != 1) continue;
    if (row->view_output ? write_strided(s, t) : row->together != nullptr && compute_moved(s, t, *row)) {
      skipped_[t] = true;
      copies_[t] = false;
      inputs_.erase({t, 0});
    }
  }
}

// The step's result where the transposed one lies.
bool DeviceViews::write_strided(size_t s, size_t t) {
  const auto* transpose = program_.steps[t].op.as<Transpose>();
  const ValueIndex y = program_.steps[s].outputs[0], target = program_.steps[t].outputs[0];
  if (transpose == nullptr || program_.steps[t].inputs[0] != y) return false;
  const auto strides = dense_strides(shape(target));
  std::vector<int64_t> own(strides.size(), 0);
  for (size_t i = 0; i < strides.size(); ++i) {
    own[transpose->permutation.empty() ? strides.size() - 1 - i : static_cast<size_t>(transpose->permutation[i])] =
        strides[i];
  }
  if (!is_aligned(own, 0, shape(y))) return false;
  outputs_.emplace(std::pair(s, size_t{0}), DeviceView{{target}, {std::move(own), {}}, 0});
  return true;
}

// The step's rows in the order of the moved result, read from where they come.
bool DeviceViews::compute_moved(size_t s, size_t t, const DeviceRow& row) {
  const Step& step = program_.steps[s];
  const ValueIndex target = program_.steps[t].outputs[0];
  Moved moved = inputs_.at({t, 0}).operand.moved;
  const kernels::Problem problem =
      step_problem(program_, step, [&](ValueIndex value) { return shapes_[static_cast<size_t>(value)]; });
  if (element_count(shape(target)) != element_count(shape(step.outputs[0]))) return false;
  if (kernels::cuda::moved_run(moved) % row.together(problem) != 0) return false;
  std::vector<ValueIndex> roots{step.inputs[0]};
  if (const DeviceView* own = input(s, 0)) {
    const auto& layers = own->operand.moved.layers;
    if (moved.layers.size() + layers.size() > kMostLayers) return false;
    moved.layers.insert(moved.layers.end(), layers.begin(), layers.end());
    roots = own->roots;
  }
  moved.roots = roots.size();
  inputs_[{s, 0}] = {std::move(roots), {{}, std::move(moved)}, 0};
  outputs_.emplace(std::pair(s, size_t{0}), DeviceView{{target}, {}, 0});
  return true;
}

}  // namespace ingot::runtime
