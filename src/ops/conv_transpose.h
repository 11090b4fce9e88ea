// Transposed convolution: the gradient of a convolution with respect to its data.
#pragma once
#include "ops/op.h"
#include "ops/window.h"

namespace ingot {

// x: [n, c, spatial...], or [n, spatial..., c] when channels_last; w: [c, m/group, kernel...]; optional bias [m].
// Without `output_shape` an axis has stride * (size - 1) + output_padding + dilation * (kernel - 1) + 1 - pads
// elements, with auto_pad stride * size. With `output_shape` (spatial sizes) or auto_pad the pads follow: same_upper
// puts the extra element at the end, all others at the beginning; where more is asked for than there is, zeros (and the
// bias) follow at the end.
struct ConvTranspose {
  int64_t group = 1;
  std::vector<int64_t> strides, dilations, pads, output_padding, output_shape;
  AutoPad auto_pad = AutoPad::kNone;
  bool channels_last = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(
        field("group", &ConvTranspose::group), field("strides", &ConvTranspose::strides),
        field("dilations", &ConvTranspose::dilations), field("pads", &ConvTranspose::pads),
        field("output_padding", &ConvTranspose::output_padding), field("output_shape", &ConvTranspose::output_shape),
        field("auto_pad", &ConvTranspose::auto_pad), field("channels_last", &ConvTranspose::channels_last));
  }
};

// Where the taps of the elements of x land along one axis: position = input * stride + k * dilation - begin, dropped
// outside [0, output).
struct ScatterRange {
  int64_t output, stride, dilation, begin;
};
// One per spatial axis; x as [n, c, spatial...]. Throws kInvalidArgument when the shapes and fields don't fit.
std::vector<ScatterRange> scatter_ranges(const ConvTranspose& conv, const Shape& x, const Shape& w);

}  // namespace ingot
