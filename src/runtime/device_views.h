// Operands that are read or written where they lie in other values' memory: transposes, slices, picks and reshapes
// whose only readers take strides have no kernels and no memory of their own.
#pragma once
#include <optional>

#include "kernels/cuda/device_row.h"
#include "plan/plan.h"

namespace ingot::runtime {

using plan::ValueIndex;

// The elements of a value in the memory of `root`, in elements.
struct StridedView {
  ValueIndex root = -1;
  std::vector<int64_t> strides;
  int64_t offset = 0;
};

class DeviceViews {
 public:
  // `shapes` of the values that device steps use, from sizes that `symbols` name; `device_step`: which steps run on the
  // device.
  DeviceViews(const plan::Program& program, const std::vector<Tensor>& constants, const std::vector<Shape>& shapes,
              const SymbolValues& symbols, const std::vector<bool>& device_step);

  // Whether the step does nothing because all that needs its result reads it elsewhere.
  bool skipped(size_t step) const { return skipped_[step]; }
  // Null: the operand lies densely in its own memory.
  const StridedView* input(size_t step, size_t index) const { return find(inputs_, step, index); }
  const StridedView* output(size_t step) const { return find(outputs_, step, 0); }

 private:
  using Uses = std::map<std::pair<size_t, size_t>, StridedView>;
  static const StridedView* find(const Uses& uses, size_t step, size_t index) {
    const auto found = uses.find({step, index});
    return found == uses.end() ? nullptr : &found->second;
  }
  void find_layouts();
  void decide();
  void merge_outputs();
  std::optional<StridedView> layout_after(const plan::Step& step) const;
  StridedView layout(ValueIndex value) const;
  bool is_aligned(const StridedView& view, const Shape& shape) const;
  const Shape& shape(ValueIndex value) const { return shapes_[static_cast<size_t>(value)]; }
  bool is_constant(ValueIndex value) const { return program_.values[static_cast<size_t>(value)].constant >= 0; }

  const plan::Program& program_;
  const std::vector<Tensor>& constants_;
  const std::vector<Shape>& shapes_;
  const SymbolValues& symbols_;
  const std::vector<bool>& device_step_;
  std::map<ValueIndex, StridedView> layouts_;
  std::vector<bool> skipped_, needed_;  // per step; per value: whether it must lie densely in its own memory
  Uses inputs_, outputs_;
};

}  // namespace ingot::runtime
