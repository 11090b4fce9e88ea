#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"
#include "ops/gather_elements.h"
#include "ops/scatter_elements.h"
#include "ops/strided_walk.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskElements = 16 << 10;

// Lines of the indices along their last axes, as many as `indexed` holds side by side as well. An element of a line
// names the element of `indexed` that lies `step` times its index, and `along` times its place in the line, past where
// the line's own coordinates lead.
class IndexedLines {
 public:
  IndexedLines(const Shape& indexed, const Shape& indices, size_t axis)
      : lines_(indices), strides_(row_major_strides(indexed)), size_(indexed[axis]), step_(strides_[axis]) {
    strides_[axis] = 0;
    along_ = strides_.back();
    length = take_last();
    while (!lines_.empty() && axis < lines_.size() - 1 && strides_.back() == length * along_) length *= take_last();
    count = length == 0 ? 0 : element_count(lines_);
  }

  int64_t count, length;  // lines, elements of each

  // Calls move(element of the indices, element of `indexed`) for lines [begin, end); false when some index is outside.
  template <class Index, class Move>
  bool visit(const void* indices, int64_t begin, int64_t end, const Move& move) const {
    const auto* index = static_cast<const Index*>(indices);
    bool inside = true;
    for (int64_t line = begin; line < end; ++line) {
      const int64_t start = start_of(line);
      for (int64_t i = 0, at = line * length; i < length; ++i, ++at) {
        int64_t place = index[at];
        place += place < 0 ? size_ : 0;
        if (place >= 0 && place < size_) {
          move(at, start + place * step_ + i * along_);
        } else {
          inside = false;
        }
      }
    }
    return inside;
  }

 private:
  int64_t take_last() {
    const int64_t size = lines_.back();
    lines_.pop_back();
    strides_.pop_back();
    return size;
  }
  int64_t start_of(int64_t line) const {
    int64_t offset = 0;
    for (size_t k = lines_.size(); k-- > 0; line /= lines_[k]) offset += line % lines_[k] * strides_[k];
    return offset;
  }
  Shape lines_, strides_;  // of the axes before a line's
  int64_t size_, step_, along_ = 0;
};

// Copies elements of y from x, or of x's copy y from updates.
template <bool kScatter> class IndexedElementsKernel : public BoundKernel {
 public:
  IndexedElementsKernel(const Problem& problem, size_t axis)
      : lines_(problem.inputs[0].shape, problem.inputs[1].shape, axis),
        bytes_(element_bytes(problem.inputs[0])),
        all_bytes_(element_count(problem.inputs[0].shape) * bytes_),
        wide_(problem.inputs[1].dtype == DType::kI64) {
    // Lines may name one element several times: the last of them counts, so one task scatters them all.
    lines_per_task_ = kScatter ? std::max<int64_t>(1, lines_.count)
                               : std::max<int64_t>(1, kTaskElements / std::max<int64_t>(lines_.length, 1));
  }

  void run(const RunArgs& args) const noexcept override {
    if (kScatter && args.outputs[0] != args.inputs[0] && all_bytes_ > 0) {
      std::memcpy(args.outputs[0], args.inputs[0], static_cast<size_t>(all_bytes_));
    }
    args.parallel.run((lines_.count + lines_per_task_ - 1) / lines_per_task_, [&](int64_t task) {
      const int64_t begin = task * lines_per_task_, end = std::min(lines_.count, begin + lines_per_task_);
      const bool inside = wide_ ? copy<int64_t>(args, begin, end) : copy<int32_t>(args, begin, end);
      if (!inside && args.error != nullptr) args.error->store("an index of an element is outside its axis");
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
    const auto* from = static_cast<const Element*>(args.inputs[kScatter ? 2 : 0]);
    auto* to = static_cast<Element*>(args.outputs[0]);
    return lines_.visit<Index>(args.inputs[1], begin, end, [from, to](int64_t at, int64_t indexed) {
      if constexpr (kScatter) {
        to[indexed] = from[at];
      } else {
        to[at] = from[indexed];
      }
    });
  }

  IndexedLines lines_;
  int64_t bytes_, all_bytes_, lines_per_task_;
  bool wide_;
};

template <bool kScatter> std::unique_ptr<BoundKernel> bind_indexed(const Problem& problem, int64_t axis) {
  const Shape &x = problem.inputs[0].shape, &indices = problem.inputs[1].shape;
  const auto at = static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(x.size())));
  bool fits = indices.size() == x.size();
  for (size_t k = 0; fits && k < x.size(); ++k) fits = k == at || indices[k] <= x[k];
  fits = (fits || element_count(indices) == 0) && (!kScatter || indices == problem.inputs[2].shape);
  if (!fits) {
    fail(Code::kInvalidArgument, "indices of shape {} do not fit {} on axis {}", shape_text(indices), shape_text(x),
         at);
  }
  return std::make_unique<IndexedElementsKernel<kScatter>>(problem, at);
}

}  // namespace

const char* refuse_scatter_elements(const Problem& problem) {
  const bool replaces = problem.op.as<ScatterElements>()->reduction == ScatterReduction::kNone;
  return replaces ? nullptr : "updates that are combined with what is there";
}

std::unique_ptr<BoundKernel> bind_gather_elements(const Problem& problem) {
  return bind_indexed<false>(problem, problem.op.as<GatherElements>()->axis);
}
std::unique_ptr<BoundKernel> bind_scatter_elements(const Problem& problem) {
  return bind_indexed<true>(problem, problem.op.as<ScatterElements>()->axis);
}

}  // namespace ingot::kernels
