#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"
#include "ops/gather_elements.h"
#include "ops/strided_walk.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskElements = 16 << 10;

// Lines of the indices along their last axis. An element of a line is `step` times its index, and `along` times its
// place in the line, past where the line's own coordinates lead.
class GatherElementsKernel : public BoundKernel {
 public:
  GatherElementsKernel(const Problem& problem, size_t axis)
      : problem_(problem), lines_(problem.inputs[1].shape), bytes_(element_bytes(problem.inputs[0])) {
    const Shape& x = problem.inputs[0].shape;
    size_ = x[axis];
    strides_ = row_major_strides(x);
    step_ = strides_[axis];
    strides_[axis] = 0;
    along_ = strides_.back();
    length_ = lines_.back();
    lines_.pop_back();
    strides_.pop_back();
    count_ = length_ == 0 ? 0 : element_count(lines_);
    lines_per_task_ = std::max<int64_t>(1, kTaskElements / std::max<int64_t>(length_, 1));
  }

  void run(const RunArgs& args) const noexcept override {
    const bool wide = problem_.inputs[1].dtype == DType::kI64;
    args.parallel.run((count_ + lines_per_task_ - 1) / lines_per_task_, [&](int64_t task) {
      const int64_t begin = task * lines_per_task_, end = std::min(count_, begin + lines_per_task_);
      const bool inside = wide ? copy<int64_t>(args, begin, end) : copy<int32_t>(args, begin, end);
      if (!inside && args.error != nullptr) args.error->store("an index to gather is outside its axis");
    });
  }

 private:
  template <class Index> bool copy(const RunArgs& args, int64_t begin, int64_t end) const {
    switch (bytes_) {
      case 1: return copy_lines<Index, uint8_t>(args, begin, end);
      case 2: return copy_lines<Index, uint16_t>(args, begin, end);
      case 4: return copy_lines<Index, uint32_t>(args, begin, end);
      case 8: return copy_lines<Index, uint64_t>(args, begin, end);
      default: return copy_lines<Index, std::pair<uint64_t, uint64_t>>(args, begin, end);
    }
  }
  template <class Index, class Element> bool copy_lines(const RunArgs& args, int64_t begin, int64_t end) const {
    const auto* x = static_cast<const Element*>(args.inputs[0]);
    const auto* indices = static_cast<const Index*>(args.inputs[1]) + begin * length_;
    auto* y = static_cast<Element*>(args.outputs[0]) + begin * length_;
    bool inside = true;
    for (int64_t line = begin; line < end; ++line, indices += length_, y += length_) {
      const Element* from = x + start_of(line);
      for (int64_t i = 0; i < length_; ++i) {
        int64_t index = indices[i];
        index += index < 0 ? size_ : 0;
        if (index < 0 || index >= size_) {
          inside = false;
          index = 0;
        }
        y[i] = from[index * step_ + i * along_];
      }
    }
    return inside;
  }
  int64_t start_of(int64_t line) const {
    int64_t offset = 0;
    for (size_t k = lines_.size(); k-- > 0; line /= lines_[k]) offset += line % lines_[k] * strides_[k];
    return offset;
  }

  Problem problem_;
  Shape lines_, strides_;  // of all axes but the last
  int64_t bytes_, size_, step_, along_, length_, count_, lines_per_task_;
};

}  // namespace

std::unique_ptr<BoundKernel> bind_gather_elements(const Problem& problem) {
  const Shape &x = problem.inputs[0].shape, &indices = problem.inputs[1].shape;
  const auto axis =
      static_cast<size_t>(normalize_axis(problem.op.as<GatherElements>()->axis, static_cast<int64_t>(x.size())));
  bool fits = indices.size() == x.size();
  for (size_t k = 0; fits && k < x.size(); ++k) fits = k == axis ? x[k] > 0 : indices[k] <= x[k];
  if (!fits && element_count(indices) > 0) {
    fail(Code::kInvalidArgument, "indices of shape {} do not fit {} on axis {}", shape_text(indices), shape_text(x),
         axis);
  }
  return std::make_unique<GatherElementsKernel>(problem, axis);
}

}  // namespace ingot::kernels
