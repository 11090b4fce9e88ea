// Bounds come from constant fields, known when binding, or from inputs, read at every run: there the output's sizes
// are known and only where each axis starts and how it steps is not.
#include <algorithm>

#include "kernels/copy/copy.h"
#include "ops/slice.h"

namespace ingot::kernels {
namespace {

struct Bounds {
  int64_t count = 0;
  int64_t starts[kMaxCopyAxes], steps[kMaxCopyAxes], axes[kMaxCopyAxes];
};

// The copy of the box and the element it starts at; null when the bounds don't give the output's sizes.
const char* plan_slice(const Bounds& bounds, const Shape& from, const Shape& to, int64_t bytes, StridedCopy& copy,
                       int64_t& first) {
  CopyAxis axes[kMaxCopyAxes];
  int64_t from_stride = 1, to_stride = 1;
  for (size_t k = from.size(); k-- > 0;) {
    axes[k] = {to[k], from_stride, to_stride};
    from_stride *= from[k];
    to_stride *= to[k];
  }
  first = 0;
  bool cut[kMaxCopyAxes] = {};
  for (int64_t i = 0; i < bounds.count; ++i) {
    const int64_t rank = static_cast<int64_t>(from.size()), step = bounds.steps[i];
    const int64_t axis = bounds.axes[i] < 0 ? bounds.axes[i] + rank : bounds.axes[i];
    if (axis < 0 || axis >= rank || cut[axis] || step == 0) return "an axis or step of a slice is wrong";
    cut[axis] = true;
    const int64_t size = from[axis], count = to[axis];
    if (count == 0) continue;
    const int64_t start = bounds.starts[i] < 0 ? bounds.starts[i] + size : bounds.starts[i];
    const int64_t begin = std::clamp<int64_t>(start, 0, step > 0 ? size : size - 1);
    int64_t last;
    if (__builtin_mul_overflow(count - 1, step, &last) || begin + last < 0 || begin + last >= size) {
      return "a slice's bounds do not give the expected size";
    }
    first += begin * axes[axis].from;
    if (count > 1) axes[axis].from *= step;  // the step of a single element may be any number
  }
  for (size_t k = 0; k < from.size(); ++k) {
    if (!cut[k] && from[k] != to[k]) return "a slice's bounds do not give the expected size";
  }
  copy = StridedCopy(std::span<const CopyAxis>(axes, from.size()), bytes);
  return nullptr;
}

class FixedSlice : public BoundKernel {
 public:
  FixedSlice(StridedCopy copy, int64_t offset) : copy_(copy), offset_(offset) {}
  void run(const RunArgs& args) const noexcept override {
    copy_.run(args.parallel, static_cast<const std::byte*>(args.inputs[0]) + offset_, args.outputs[0]);
  }

 private:
  StridedCopy copy_;
  int64_t offset_;  // bytes
};

class InputSlice : public BoundKernel {
 public:
  explicit InputSlice(const Problem& problem)
      : inputs_(problem.inputs),
        from_(problem.inputs[0].shape),
        to_(problem.outputs[0].shape),
        bytes_(element_bytes(problem.inputs[0])) {}

  void run(const RunArgs& args) const noexcept override {
    Bounds bounds;
    bounds.count = inputs_[1].shape[0];
    read(args, 1, bounds.count, bounds.starts);
    for (int64_t i = 0; i < bounds.count; ++i) bounds.axes[i] = i, bounds.steps[i] = 1;
    if (inputs_.size() > 3 && inputs_[3].present()) read(args, 3, bounds.count, bounds.axes);
    if (inputs_.size() > 4 && inputs_[4].present()) read(args, 4, bounds.count, bounds.steps);
    StridedCopy copy;
    int64_t first = 0;
    if (const char* reason = plan_slice(bounds, from_, to_, bytes_, copy, first)) {
      if (args.error != nullptr) args.error->store(reason);
      return;
    }
    copy.run(args.parallel, static_cast<const std::byte*>(args.inputs[0]) + first * bytes_, args.outputs[0]);
  }

 private:
  void read(const RunArgs& args, size_t input, int64_t count, int64_t* values) const {
    for (int64_t i = 0; i < count; ++i) {
      values[i] = inputs_[input].dtype == DType::kI64 ? static_cast<const int64_t*>(args.inputs[input])[i]
                                                      : static_cast<const int32_t*>(args.inputs[input])[i];
    }
  }
  std::vector<Operand> inputs_;
  Shape from_, to_;
  int64_t bytes_;
};

bool has_bounds_as_inputs(const Problem& problem) { return problem.inputs.size() > 1; }

}  // namespace

const char* refuse_slice(const Problem& problem) {
  if (!has_bounds_as_inputs(problem)) {
    return constant_shape(problem.op.as<Slice>()->starts) ? nullptr : "where the slice starts depends on the sizes";
  }
  for (size_t i = 1; i < problem.inputs.size(); ++i) {
    const Operand& input = problem.inputs[i];
    if (!input.present()) continue;
    if (input.dtype != DType::kI64 && input.dtype != DType::kI32) return "bounds of a slice that are no indices";
    if (input.shape.size() != 1 || input.shape[0] < 0) return "an unknown number of sliced axes";
    if (input.shape[0] > static_cast<int64_t>(kMaxCopyAxes)) return "too many sliced axes";
    if (input.shape[0] != problem.inputs[1].shape[0]) return "bounds of a slice of unequal length";
  }
  return problem.inputs[1].present() ? nullptr : "a slice without starts";
}

std::unique_ptr<BoundKernel> bind_slice(const Problem& problem) {
  const Shape& from = problem.inputs[0].shape;
  const Shape& to = problem.outputs[0].shape;
  if (from.size() != to.size()) fail(Code::kInvalidArgument, "{} sliced is not {}", shape_text(from), shape_text(to));
  if (has_bounds_as_inputs(problem)) return std::make_unique<InputSlice>(problem);
  const Slice& slice = *problem.op.as<Slice>();
  const std::vector<int64_t> starts = *constant_shape(slice.starts);
  if (starts.size() > kMaxCopyAxes || (!slice.axes.empty() && slice.axes.size() != starts.size()) ||
      (!slice.steps.empty() && slice.steps.size() != starts.size())) {
    fail(Code::kInvalidArgument, "a slice of {} starts, {} axes and {} steps", starts.size(), slice.axes.size(),
         slice.steps.size());
  }
  Bounds bounds;
  bounds.count = static_cast<int64_t>(starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    bounds.starts[i] = starts[i];
    bounds.axes[i] = slice.axes.empty() ? static_cast<int64_t>(i) : slice.axes[i];
    bounds.steps[i] = slice.steps.empty() ? 1 : slice.steps[i];
  }
  StridedCopy copy;
  int64_t first = 0;
  const int64_t bytes = element_bytes(problem.inputs[0]);
  if (const char* reason = plan_slice(bounds, from, to, bytes, copy, first)) fail(Code::kInvalidArgument, "{}", reason);
  return std::make_unique<FixedSlice>(copy, first * bytes);
}

}  // namespace ingot::kernels
