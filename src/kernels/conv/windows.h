// Where the inputs of every output pixel of a channels-last convolution are: the rows of A of its matrix form.
#pragma once
#include <vector>

#include "kernels/conv/geometry.h"

namespace ingot::kernels::conv {

// A tap is one kernel position and the channels of a group there; or, `merged`, one line of the kernel along the width
// with all channels, which is contiguous in the data (few channels, one group, no dilation along the width). Reads
// outside the data go to a row of what stands for zero, merged ones to a patch copied for that pixel.
class Windows {
 public:
  Windows(const Geometry& geometry, int64_t table_rows);
  int64_t taps() const { return static_cast<int64_t>(tap_offsets_.size()); }
  int64_t depth() const { return depth_; }
  int64_t patch_elements() const { return merged_ ? taps() * depth_ : 0; }

  // Pointers of output pixels [first, first + count), counted through all images, in the order of gemm::Source::rows.
  // `x`: the data at the group's first channel. `zeros`: depth() elements that stand for zero, all the same. T: float,
  // uint16_t for the bits of bf16, or uint8_t for quantised numbers.
  template <class T>
  void fill(const T* x, const T* zeros, int64_t first, int64_t count, const T** table, T* patches) const noexcept;

 private:
  struct Position {
    int64_t image, at[3];
  };
  Position position(int64_t pixel) const noexcept;
  void advance(Position& position, int64_t pixels) const noexcept;
  bool inside(const Position& position) const noexcept;
  int64_t offset(const Position& position) const noexcept;
  template <class T>
  void fill_edge(const T* x, const T* zeros, const Position& position, const T** entry, T* patch) const noexcept;
  template <class T> void copy_line(const T* line, T zero, int64_t start, T* patch) const noexcept;

  Geometry geometry_;
  int64_t table_rows_;
  bool merged_ = false;
  int64_t depth_ = 0;
  int64_t strides_[3];                // elements between input pixels along each axis
  int64_t inside_[3][2];              // outputs along each axis whose windows lie in the data
  std::vector<int64_t> tap_offsets_;  // elements from the window's start
};

}  // namespace ingot::kernels::conv
