#include "ops/window.h"

#include <algorithm>

#include "base/checked.h"

namespace ingot {
namespace {

constexpr int64_t kLimit = int64_t{1} << 31;  // of every number of a window: sums and products stay in 64 bits

int64_t at_or(const std::vector<int64_t>& list, size_t index, int64_t fallback) {
  return list.empty() ? fallback : list[index];
}

void check_length(const std::vector<int64_t>& list, size_t wanted, const char* what) {
  if (!list.empty() && list.size() != wanted) {
    fail(Code::kInvalidArgument, "{} has {} numbers where {} are needed", what, list.size(), wanted);
  }
}

void check_range(int64_t value, int64_t least, const char* what) {
  if (value < least || value >= kLimit) fail(Code::kInvalidArgument, "{} {} is out of range", what, value);
}

}  // namespace

std::vector<WindowAxis> window_axes(const DimShape& kernel, const std::vector<int64_t>& strides,
                                    const std::vector<int64_t>& dilations, const std::vector<int64_t>& pads,
                                    AutoPad auto_pad) {
  const size_t rank = kernel.size();
  check_length(strides, rank, "strides");
  check_length(dilations, rank, "dilations");
  check_length(pads, 2 * rank, "pads");
  if (auto_pad != AutoPad::kNone && std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; })) {
    fail(Code::kInvalidArgument, "auto_pad and pads exclude each other");
  }
  std::vector<WindowAxis> axes(rank);
  for (size_t i = 0; i < rank; ++i) {
    axes[i] = {kernel[i], at_or(strides, i, 1), at_or(dilations, i, 1), at_or(pads, i, 0), at_or(pads, rank + i, 0)};
    check_range(axes[i].stride, 1, "stride");
    check_range(axes[i].dilation, 1, "dilation");
    check_range(axes[i].pad_begin, -kLimit, "pad");
    check_range(axes[i].pad_end, -kLimit, "pad");
    if (const auto size = kernel[i].constant()) check_range(*size, 1, "kernel size");
  }
  return axes;
}

Dim window_output_size(const Dim& size, const WindowAxis& axis, AutoPad auto_pad, bool ceil_mode) {
  if (auto_pad != AutoPad::kNone) return Dim::ceil_div(size, axis.stride);
  const Dim extent = Dim(axis.dilation) * (axis.kernel - 1) + 1;
  const Dim padded = size + axis.pad_begin + axis.pad_end;
  if (!ceil_mode) return Dim::floor_div(padded - extent, axis.stride) + 1;
  // ceil((padded - extent) / stride) + 1 windows, but none that starts at or past the end of the data.
  const Dim all = Dim::ceil_div(padded - extent + axis.stride, axis.stride);
  const Dim starting_inside = Dim::ceil_div(size + axis.pad_begin, axis.stride);
  const Dim overhang = Dim(axis.pad_end + axis.stride) - extent;
  if (!overhang.is_constant()) return Dim::min(all, starting_inside);
  return *overhang.constant() <= 0 ? all : starting_inside;
}

std::vector<WindowRange> window_ranges(const Shape& sizes, const std::vector<WindowAxis>& axes, AutoPad auto_pad,
                                       bool ceil_mode) {
  if (sizes.size() != axes.size()) {
    fail(Code::kInvalidArgument, "{} spatial axes where the window has {}", sizes.size(), axes.size());
  }
  std::vector<WindowRange> ranges;
  for (size_t i = 0; i < axes.size(); ++i) {
    const WindowAxis& axis = axes[i];
    WindowRange range{sizes[i],
                      *window_output_size(sizes[i], axis, auto_pad, ceil_mode).constant(),
                      *axis.kernel.constant(),
                      axis.stride,
                      axis.dilation,
                      axis.pad_begin,
                      axis.pad_end};
    if (auto_pad != AutoPad::kNone) {
      const int64_t extent = range.dilation * (range.kernel - 1) + 1;
      const int64_t total = std::max<int64_t>(0, checked_mul(range.output - 1, range.stride) + extent - range.size);
      range.pad_begin = auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
      range.pad_end = total - range.pad_begin;
    }
    if (range.output < 0) {
      fail(Code::kInvalidArgument, "a window of {} (dilation {}) does not fit into {} elements padded by {} and {}",
           range.kernel, range.dilation, range.size, range.pad_begin, range.pad_end);
    }
    ranges.push_back(range);
  }
  return ranges;
}

Shape output_sizes(const std::vector<WindowRange>& ranges) {
  Shape sizes;
  for (const WindowRange& range : ranges) sizes.push_back(range.output);
  return sizes;
}

Shape channels_first_shape(const Shape& shape) {
  Shape result{shape.front(), shape.back()};
  result.insert(result.end(), shape.begin() + 1, shape.end() - 1);
  return result;
}

Shape channels_last_shape(const Shape& shape) {
  Shape result{shape[0]};
  result.insert(result.end(), shape.begin() + 2, shape.end());
  result.push_back(shape[1]);
  return result;
}

namespace {

// [batch, rows, columns] -> [batch, columns, rows]
std::vector<double> swap_inner(std::span<const double> values, int64_t batch, int64_t rows, int64_t columns) {
  std::vector<double> result(values.size());
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t base = b * rows * columns;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        result[static_cast<size_t>(base + c * rows + r)] = values[static_cast<size_t>(base + r * columns + c)];
      }
    }
  }
  return result;
}

}  // namespace

std::vector<double> to_channels_first(std::span<const double> values, const Shape& channels_last) {
  if (values.empty()) return {};
  const int64_t n = channels_last.front(), c = channels_last.back();
  return swap_inner(values, n, static_cast<int64_t>(values.size()) / (n * c), c);
}

std::vector<double> to_channels_last(std::span<const double> values, const Shape& channels_first) {
  if (values.empty()) return {};
  const int64_t n = channels_first[0], c = channels_first[1];
  return swap_inner(values, n, c, static_cast<int64_t>(values.size()) / (n * c));
}

}  // namespace ingot
