#include "kernels/conv/geometry.h"

#include <algorithm>

#include "base/error.h"

namespace ingot::kernels::conv {
namespace {

constexpr int64_t kTypicalChannels = 64, kTypicalKernel = 3;
constexpr int64_t kTransposeBlock = 64;

Shape spatial_of(const Shape& shape, bool channels_last) {
  return channels_last ? Shape(shape.begin() + 1, shape.end() - 1) : Shape(shape.begin() + 2, shape.end());
}

int64_t channels_of(const Shape& shape, bool channels_last) { return channels_last ? shape.back() : shape[1]; }

int64_t known_or(int64_t size, int64_t typical) { return size < 0 ? typical : size; }

void set_axes(Geometry& geometry, const std::vector<WindowRange>& ranges) {
  geometry.axes.fill({1, 1, 1, 1, 1, 0, 0});
  std::copy(ranges.begin(), ranges.end(), geometry.axes.end() - static_cast<int64_t>(ranges.size()));
}

std::vector<WindowAxis> axes_of(const Conv& op, const Shape& kernel) {
  DimShape dims;
  for (const int64_t size : kernel) dims.push_back(known_or(size, kTypicalKernel));
  return window_axes(dims, op.strides, op.dilations, op.pads, op.auto_pad);
}

}  // namespace

bool Geometry::pointwise() const {
  return std::all_of(axes.begin(), axes.end(), [](const WindowRange& axis) {
    return axis.kernel == 1 && axis.stride == 1 && axis.pad_begin == 0 && axis.size == axis.output;
  });
}

Geometry geometry_of(const Problem& problem) {
  const auto& op = *problem.op.as<Conv>();
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  Geometry geometry;
  geometry.images = x[0];
  geometry.channels = channels_of(x, op.channels_last);
  geometry.filters = w[0];
  geometry.groups = op.group;
  const auto ranges =
      window_ranges(spatial_of(x, op.channels_last), axes_of(op, Shape(w.begin() + 2, w.end())), op.auto_pad, false);
  set_axes(geometry, ranges);
  const Shape output = output_sizes(ranges);
  const bool fits = op.group >= 1 && w[1] * op.group == geometry.channels && w[0] % op.group == 0 && y[0] == x[0] &&
                    channels_of(y, op.channels_last) == w[0] && spatial_of(y, op.channels_last) == output;
  if (!fits) {
    fail(Code::kInvalidArgument, "conv of {} with weights {} in {} groups does not give {}", shape_text(x),
         shape_text(w), op.group, shape_text(y));
  }
  return geometry;
}

// Outputs along an axis of an image. Networks for images halve it where they double the channels: 56 at 64 channels, 7
// at 512. Of other data nothing is known, and convolutions in groups have more channels for their size.
static int64_t typical_outputs(const Geometry& geometry, size_t axes) {
  constexpr int64_t kLeast = 7, kMost = 56, kChannelsTimesSize = 64 * 56;
  if (axes != 2 || geometry.groups > 1) return kMost;
  const int64_t channels = std::max<int64_t>({1, geometry.channels, geometry.filters});
  return std::clamp(kChannelsTimesSize / channels, kLeast, kMost);
}

Geometry typical_geometry(const Problem& problem) {
  const auto& op = *problem.op.as<Conv>();
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  Geometry geometry;
  geometry.images = known_or(x[0], 1);
  geometry.groups = op.group;
  geometry.channels = known_or(w[1], kTypicalChannels) * op.group;
  geometry.filters = known_or(w[0], kTypicalChannels);
  const Shape in = spatial_of(x, op.channels_last), out = spatial_of(y, op.channels_last);
  const auto axes = axes_of(op, Shape(w.begin() + 2, w.end()));
  const int64_t outputs = typical_outputs(geometry, axes.size());
  std::vector<WindowRange> ranges;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t kernel = *axes[i].kernel.constant(), size = known_or(in[i], outputs * axes[i].stride);
    ranges.push_back({size, known_or(out[i], std::max<int64_t>(1, size / axes[i].stride)), kernel, axes[i].stride,
                      axes[i].dilation, axes[i].pad_begin, axes[i].pad_end});
  }
  set_axes(geometry, ranges);
  return geometry;
}

const char* refuse_geometry(const Problem& problem) {
  return problem.outputs[0].dtype != DType::kF32 ? "the result is not f32" : refuse_ranks(problem);
}

const char* refuse_ranks(const Problem& problem) {
  const size_t rank = problem.inputs[0].shape.size();
  if (problem.inputs.size() < 2 || !problem.inputs[1].present()) return "there are no weights";
  if (rank < 3 || rank > 5 || problem.inputs[1].shape.size() != rank || problem.outputs[0].shape.size() != rank) {
    return "there are not one to three spatial axes";
  }
  if (problem.op.as<Conv>()->group < 1) return "there are no groups";
  return nullptr;
}

std::string geometry_text(const Problem& problem) {
  const auto& op = *problem.op.as<Conv>();
  const auto sizes = [](std::span<const int64_t> shape) {
    std::string text;
    for (const int64_t size : shape) text += (text.empty() ? "" : "x") + (size < 0 ? "?" : std::to_string(size));
    return text;
  };
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape;
  const auto list = [&](const char* name, const std::vector<int64_t>& values, int64_t fallback) {
    const bool all = std::all_of(values.begin(), values.end(), [&](int64_t value) { return value == fallback; });
    return all ? std::string() : " " + std::string(name) + sizes(values);
  };
  std::string text = "n" + sizes({x.data(), 1}) + " c" + sizes({&x[op.channels_last ? x.size() - 1 : 1], 1}) + " " +
                     sizes(spatial_of(x, op.channels_last)) + " m" + sizes({w.data(), 1}) + " k" +
                     sizes(std::span(w).subspan(2)) + list("s", op.strides, 1) + list("d", op.dilations, 1) +
                     list("p", op.pads, 0);
  if (op.group != 1) text += " g" + std::to_string(op.group);
  if (op.auto_pad != AutoPad::kNone) {
    text += std::string(" ") + EnumNames<AutoPad>::kNames[static_cast<size_t>(op.auto_pad)];
  }
  return text + (op.channels_last ? " nhwc" : " nchw");
}

void transpose_images(Transpose transpose, const float* in, int64_t images, int64_t rows, int64_t columns, float* out,
                      const Parallel& parallel) noexcept {
  const bool tall = rows > columns;
  const int64_t blocks = ((tall ? rows : columns) + kTransposeBlock - 1) / kTransposeBlock;
  parallel.run(images * blocks, [&](int64_t i) {
    const float* from = in + i / blocks * rows * columns;
    float* to = out + i / blocks * rows * columns;
    const int64_t first = i % blocks * kTransposeBlock;
    if (tall) {
      transpose(from + first * columns, columns, std::min(kTransposeBlock, rows - first), columns, to + first, rows);
    } else {
      transpose(from + first, columns, rows, std::min(kTransposeBlock, columns - first), to + first * rows, rows);
    }
  });
}

}  // namespace ingot::kernels::conv
