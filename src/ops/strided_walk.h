// Visiting the elements of a shape in row-major order with offsets into strided arrays.
#pragma once
#include <array>

#include "base/error.h"
#include "tensor/shape.h"

namespace ingot {

// Strides that read an array of shape `from` as if it were broadcast to `to` (0 along broadcast axes). Throws
// kInvalidArgument when it does not broadcast to exactly that shape.
inline Shape broadcast_strides(const Shape& from, const Shape& to) {
  Shape strides(to.size(), 0);
  const Shape own = row_major_strides(from);
  bool fits = from.size() <= to.size();
  for (size_t i = 0; fits && i < from.size(); ++i) {
    const size_t axis = to.size() - from.size() + i;
    fits = from[i] == to[axis] || from[i] == 1;
    if (from[i] != 1) strides[axis] = own[i];
  }
  if (!fits) fail(Code::kInvalidArgument, "shape {} does not broadcast to {}", shape_text(from), shape_text(to));
  return strides;
}

// An index that runs through `shape`, last axis fastest, with one offset per array.
template <size_t kArrays> class StridedWalk {
 public:
  StridedWalk(Shape shape, std::array<Shape, kArrays> strides)
      : shape_(std::move(shape)), strides_(std::move(strides)), index_(shape_.size(), 0) {}
  int64_t offset(size_t array = 0) const { return offsets_[array]; }
  const Shape& index() const { return index_; }
  void next() {
    for (size_t axis = shape_.size(); axis-- > 0;) {
      for (size_t a = 0; a < kArrays; ++a) offsets_[a] += strides_[a][axis];
      if (++index_[axis] < shape_[axis]) return;
      for (size_t a = 0; a < kArrays; ++a) offsets_[a] -= strides_[a][axis] * shape_[axis];
      index_[axis] = 0;
    }
  }

 private:
  Shape shape_;
  std::array<Shape, kArrays> strides_;
  Shape index_;
  std::array<int64_t, kArrays> offsets_{};
};

}  // namespace ingot
