#include "ops/conv_transpose.h"

#include "base/checked.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Axes of the window, checked; pads are those of the field.
std::vector<WindowAxis> axes_of(const ConvTranspose& conv, const DimShape& w) {
  const auto axes = window_axes(DimShape(w.begin() + 2, w.end()), conv.strides, conv.dilations,
                                conv.output_shape.empty() ? conv.pads : std::vector<int64_t>(), conv.auto_pad);
  for (const auto* list : {&conv.output_padding, &conv.output_shape}) {
    if (!list->empty() && list->size() != axes.size()) {
      fail(Code::kInvalidArgument, "conv_transpose over {} axes with output padding or shape {}", axes.size(),
           shape_text(*list));
    }
    for (const int64_t value : *list) {
      if (value < 0) fail(Code::kInvalidArgument, "conv_transpose with output padding or shape {}", shape_text(*list));
    }
  }
  return axes;
}

// Size of the result before anything is cropped.
Dim full_size(const ConvTranspose& conv, const Dim& size, const WindowAxis& axis, size_t i) {
  const int64_t extra = conv.output_padding.empty() ? 0 : conv.output_padding[i];
  return Dim(axis.stride) * (size - 1) + Dim(extra) + Dim(axis.dilation) * (axis.kernel - 1) + 1;
}

Dim output_size(const ConvTranspose& conv, const Dim& size, const WindowAxis& axis, size_t i) {
  if (!conv.output_shape.empty()) return conv.output_shape[i];
  if (conv.auto_pad != AutoPad::kNone) return Dim(axis.stride) * size;
  return full_size(conv, size, axis, i) - axis.pad_begin - axis.pad_end;
}

// Adds x * kernel, shifted, to one output plane.
void scatter_plane(const std::vector<ScatterRange>& scatters, const double* x, const Shape& x_sizes,
                   const double* kernel, const Shape& k_sizes, const Shape& y_strides, double* y) {
  StridedWalk<1> input(x_sizes, {row_major_strides(x_sizes)});
  const int64_t x_count = element_count(x_sizes), k_count = element_count(k_sizes);
  for (int64_t i = 0; i < x_count; ++i, input.next()) {
    StridedWalk<1> tap(k_sizes, {row_major_strides(k_sizes)});
    for (int64_t k = 0; k < k_count; ++k, tap.next()) {
      int64_t offset = 0;
      bool inside = true;
      for (size_t axis = 0; axis < scatters.size(); ++axis) {
        const ScatterRange& s = scatters[axis];
        const int64_t position = input.index()[axis] * s.stride + tap.index()[axis] * s.dilation - s.begin;
        inside = inside && position >= 0 && position < s.output;
        offset += position * y_strides[axis];
      }
      if (inside) y[offset] += x[i] * kernel[k];
    }
  }
}

void check_shapes(const ConvTranspose& conv, const Shape& x, const Shape& w) {
  if (x.size() < 3 || x.size() != w.size() || conv.group < 1 || x[1] != w[0] || x[1] % conv.group != 0) {
    fail(Code::kInvalidArgument, "conv_transpose of {} with weights {} in {} groups", shape_text(x), shape_text(w),
         conv.group);
  }
}

}  // namespace

std::vector<ScatterRange> scatter_ranges(const ConvTranspose& conv, const Shape& x, const Shape& w) {
  check_shapes(conv, x, w);
  const auto axes = axes_of(conv, to_dims(w));
  std::vector<ScatterRange> scatters;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t size = x[i + 2];
    ScatterRange scatter{*output_size(conv, size, axes[i], i).constant(), axes[i].stride, axes[i].dilation,
                         axes[i].pad_begin};
    if (scatter.output < 0) fail(Code::kInvalidArgument, "conv_transpose of {} has a negative size", shape_text(x));
    if (!conv.output_shape.empty() || conv.auto_pad != AutoPad::kNone) {
      const int64_t total = std::max<int64_t>(0, *full_size(conv, size, axes[i], i).constant() - scatter.output);
      scatter.begin = conv.auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
    }
    scatters.push_back(scatter);
  }
  return scatters;
}

static void infer(const ConvTranspose& conv, InferContext& context) {
  const Fact &x = context.input(0), &w = context.input(1);
  context.require(is_float(x.dtype()) && x.dtype() == w.dtype(), "conv_transpose of {} with weights of type {}",
                  dtype_name(x.dtype()), dtype_name(w.dtype()));
  context.require(conv.group >= 1, "conv_transpose in {} groups", conv.group);
  for (const Fact* fact : {&x, &w}) {
    context.require(!fact->has_rank() || fact->rank() >= 3, "conv_transpose takes ranks of 3 or more, got {}",
                    fact->text());
  }
  context.require(!x.has_rank() || !w.has_rank() || x.rank() == w.rank(), "ranks of {} and {} differ", x.text(),
                  w.text());
  if (!x.has_rank() && !w.has_rank()) return context.set_output(0, x.dtype(), std::nullopt);
  const size_t rank = x.has_rank() ? x.shape->size() : w.shape->size();
  DimShape shape = context.fresh_shape(rank);
  const size_t channel = conv.channels_last ? rank - 1 : 1, spatial = conv.channels_last ? 1 : 2;
  if (x.has_rank()) shape[0] = (*x.shape)[0];
  if (w.has_rank()) {
    shape[channel] = (*w.shape)[1] * conv.group;
    const auto axes = axes_of(conv, *w.shape);
    for (size_t i = 0; x.has_rank() && i < axes.size(); ++i) {
      shape[i + spatial] = output_size(conv, (*x.shape)[i + spatial], axes[i], i);
    }
  }
  if (x.has_rank() && w.has_rank()) {
    const Dim channels = unify((*x.shape)[channel], (*w.shape)[0], "channels of data and weights of conv_transpose");
    context.require(!channels.is_constant() || *channels.constant() % conv.group == 0, "{} channels in {} groups",
                    channels.text(), conv.group);
  }
  if (context.has(2) && context.shape(2)) {
    context.require(context.input(2).rank() == 1, "the bias of conv_transpose is {}", context.input(2).text());
    unify(shape[channel], (*context.shape(2))[0], "filters and biases of conv_transpose");
  }
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const ConvTranspose& conv, EvalContext& context) {
  const Tensor &x = context.tensor(0), &w = context.tensor(1);
  const Shape x_shape = conv.channels_last && x.rank() > 2 ? channels_first_shape(x.shape()) : x.shape();
  const auto scatters = scatter_ranges(conv, x_shape, w.shape());
  const int64_t group_c = x_shape[1] / conv.group, group_m = w.dim(1), m = checked_mul(group_m, conv.group);
  Shape shape{x_shape[0], m};
  for (const ScatterRange& scatter : scatters) shape.push_back(scatter.output);
  const Shape x_sizes(x_shape.begin() + 2, x_shape.end()), k_sizes(w.shape().begin() + 2, w.shape().end()),
      y_sizes(shape.begin() + 2, shape.end());
  const int64_t x_plane = element_count(x_sizes), k_plane = element_count(k_sizes), y_plane = element_count(y_sizes);
  Tensor& result = context.output(0, x.dtype(), conv.channels_last ? channels_last_shape(shape) : shape);
  const auto weights = to_doubles(w), as_given = to_doubles(x);
  const auto data = conv.channels_last ? to_channels_first(as_given, x.shape()) : as_given;
  std::vector<double> y(static_cast<size_t>(result.count()), 0.0), bias;
  if (context.has(2)) {
    bias = to_doubles(context.tensor(2));
    if (static_cast<int64_t>(bias.size()) != m)
      fail(Code::kInvalidArgument, "{} filters and {} biases", m, bias.size());
  }
  const Shape y_strides = row_major_strides(y_sizes);
  for (int64_t n = 0; n < x_shape[0]; ++n) {
    for (int64_t o = 0; o < m; ++o) {
      if (context.host().check_cancelled) context.host().check_cancelled();
      double* plane = y.data() + (n * m + o) * y_plane;
      const int64_t first = o / group_m * group_c;
      for (int64_t c = first; c < first + group_c; ++c) {
        scatter_plane(scatters, data.data() + (n * x_shape[1] + c) * x_plane, x_sizes,
                      weights.data() + (c * group_m + o % group_m) * k_plane, k_sizes, y_strides, plane);
      }
      for (int64_t i = 0; !bias.empty() && i < y_plane; ++i) plane[i] += bias[static_cast<size_t>(o)];
    }
  }
  write_doubles(result, conv.channels_last ? to_channels_last(y, shape) : y);
}

const OpDef ConvTranspose::def = define_op<ConvTranspose, infer, eval>(
    {"conv_transpose", "every element of x adds its multiple of the kernel to the result", 2, 3, 1, kNoTraits, {2, 1}});

}  // namespace ingot
