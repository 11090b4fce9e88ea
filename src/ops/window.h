// The geometry of sliding windows over spatial axes: convolutions and poolings.
#pragma once
#include <vector>

#include "ops/field.h"

namespace ingot {

// Pads chosen from the sizes so that the result has ceil(size / stride) elements along each axis; an odd total puts
// the extra element after the data (upper) or before it (lower).
enum class AutoPad : uint8_t { kNone, kSameUpper, kSameLower };
template <> struct EnumNames<AutoPad> { static constexpr const char* kNames[] = {"none", "same_upper", "same_lower"}; };

// One spatial axis.
struct WindowAxis {
  Dim kernel = 1;
  int64_t stride = 1, dilation = 1, pad_begin = 0, pad_end = 0;
};

// The fields of an operator per axis, defaults filled in. Throws kInvalidArgument when a list is neither empty nor one
// (pads: two) per axis, or a number is out of range.
std::vector<WindowAxis> window_axes(const DimShape& kernel, const std::vector<int64_t>& strides,
                                    const std::vector<int64_t>& dilations, const std::vector<int64_t>& pads,
                                    AutoPad auto_pad);
Dim window_output_size(const Dim& size, const WindowAxis& axis, AutoPad auto_pad, bool ceil_mode);

// The same on concrete sizes: `output` windows; window o covers start(o) + k * dilation for k in [0, kernel).
struct WindowRange {
  int64_t size, output, kernel, stride, dilation, pad_begin, pad_end;
  int64_t start(int64_t o) const { return o * stride - pad_begin; }
};
// Throws kInvalidArgument when a window does not fit.
std::vector<WindowRange> window_ranges(const Shape& sizes, const std::vector<WindowAxis>& axes, AutoPad auto_pad,
                                       bool ceil_mode);
Shape output_sizes(const std::vector<WindowRange>& ranges);

// A tensor of shape [n, spatial..., c] as [n, c, spatial...] and back, for evaluations of channels-last operators.
Shape channels_first_shape(const Shape& shape);
Shape channels_last_shape(const Shape& shape);
std::vector<double> to_channels_first(std::span<const double> values, const Shape& channels_last);
std::vector<double> to_channels_last(std::span<const double> values, const Shape& channels_first);

}  // namespace ingot
