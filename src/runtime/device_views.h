// Operands that are read or written where they lie in other values' memory: movements (transposes, slices, picks,
// concatenations, reshapes) that only readers need which can follow them have no kernels and no memory of their own,
// and any chain of them that others need is one kernel.
#pragma once
#include <optional>

#include "kernels/cuda/device_row.h"
#include "plan/plan.h"

namespace ingot::runtime {

using plan::ValueIndex;

// The elements of an operand in the memory of `roots`.
struct DeviceView {
  std::vector<ValueIndex> roots;
  kernels::cuda::OperandView operand;
  int64_t offset = 0;  // of a strided operand in its only root, in elements
};

class DeviceViews {
 public:
  // `shapes` of the values that device steps use, from sizes that `symbols` name; `device_step`: which steps run on the
  // device.
  DeviceViews(const plan::Program& program, const std::vector<Tensor>& constants, const std::vector<Shape>& shapes,
              const SymbolValues& symbols, const std::vector<bool>& device_step);

  // Whether the step does nothing because all that needs its result reads it elsewhere, or its maker wrote it.
  bool skipped(size_t step) const { return skipped_[step]; }
  // Whether the step only copies its input 0, which is a view, to its result.
  bool copies(size_t step) const { return copies_[step]; }
  // Null: the operand lies densely in its own memory.
  const DeviceView* input(size_t step, size_t index) const { return find(inputs_, step, index); }
  const DeviceView* output(size_t step) const { return find(outputs_, step, 0); }
  // Values whose memory the step reads for an input.
  std::vector<ValueIndex> read(size_t step, size_t index) const;
  // Per value the steps that read its memory, once for each input.
  std::vector<std::vector<size_t>> readers() const;

 private:
  // Where a value's elements lie, in its own row-major order.
  struct Layout {
    kernels::cuda::Moved moved;
    std::vector<ValueIndex> roots;
  };
  using Uses = std::map<std::pair<size_t, size_t>, DeviceView>;
  static const DeviceView* find(const Uses& uses, size_t step, size_t index) {
    const auto found = uses.find({step, index});
    return found == uses.end() ? nullptr : &found->second;
  }
  void find_layouts();
  void decide();
  void merge_outputs();
  bool write_strided(size_t step, size_t movement);
  bool compute_moved(size_t step, size_t movement, const kernels::cuda::DeviceRow& row);
  std::optional<Layout> layout_after(const plan::Step& step) const;
  kernels::cuda::MovedSource take_source(ValueIndex input, Layout& layout) const;
  std::optional<kernels::cuda::MovedLayer> picked(const plan::Step& step, const kernels::cuda::MovedSource& x) const;
  Layout layout(ValueIndex value) const;
  std::optional<DeviceView> strided(ValueIndex value) const;
  std::optional<DeviceView> view_for(const kernels::cuda::DeviceRow& row, size_t index, ValueIndex input) const;
  const Shape& shape(ValueIndex value) const { return shapes_[static_cast<size_t>(value)]; }
  bool is_constant(ValueIndex value) const { return program_.values[static_cast<size_t>(value)].constant >= 0; }
  bool is_output(ValueIndex value) const;

  const plan::Program& program_;
  const std::vector<Tensor>& constants_;
  const std::vector<Shape>& shapes_;
  const SymbolValues& symbols_;
  const std::vector<bool>& device_step_;
  std::map<ValueIndex, Layout> layouts_;
  std::vector<bool> skipped_, copies_, needed_;  // per step; per value: whether it must lie densely in its own memory
  Uses inputs_, outputs_;
};

}  // namespace ingot::runtime
