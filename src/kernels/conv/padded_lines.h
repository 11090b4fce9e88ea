// A convolution of stride 1 as a product whose rows share what they read: the pixels of a padded image are lines, one
// behind the other, row r stands for the window that starts at line r, and every tap of it is a line further on. Rows
// that start where a window would reach over the image's edge give nothing.
#pragma once
#include <vector>

#include "kernels/conv/geometry.h"

namespace ingot::kernels::conv {

class PaddedLines {
 public:
  // Whether this reads less than a copy of every window: two spatial axes of stride 1, channels in whole parts of 32,
  // and images wide enough that few rows give nothing.
  static bool pay(const Geometry& geometry);
  explicit PaddedLines(const Geometry& geometry);
  int64_t rows() const { return rows_; }  // of an image
  // The line of each kernel position, from a row's own on.
  const std::vector<int64_t>& taps() const { return taps_; }
  // Lines [first, first + count) of an image of bf16, channels-last, at its group's first channel, as
  // [group channels / 32][stride][32].
  void copy(const uint16_t* x, int64_t first, int64_t count, int64_t stride, uint16_t* out) const noexcept;
  // The output pixel of rows [first, first + count), -1 for none.
  void results(int64_t first, int64_t count, int32_t* pixels) const noexcept;

 private:
  Geometry geometry_;
  int64_t width_, rows_;  // pixels of a padded line of the image
  std::vector<int64_t> taps_;
};

}  // namespace ingot::kernels::conv
