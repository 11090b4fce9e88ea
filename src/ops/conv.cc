#include "ops/conv.h"

#include <algorithm>

#include "ops/tile_body.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Everything one convolution of concrete shapes needs; checked.
struct Problem {
  int64_t n, c, m, group_c, group_m, kernel_size, in_size, out_size;
  std::vector<WindowRange> ranges;
  Shape in_strides, out_strides;  // of the spatial axes
};

DimShape kernel_of(const DimShape& w) { return DimShape(w.begin() + 2, w.end()); }

Problem problem_of(const Conv& conv, const Shape& x, const Shape& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    fail(Code::kInvalidArgument, "conv of {} with weights {}: ranks must be equal and 3 or more", shape_text(x),
         shape_text(w));
  }
  Problem p;
  if (conv.group < 1 || w[0] % conv.group != 0 || x[1] % conv.group != 0 || x[1] / conv.group != w[1]) {
    fail(Code::kInvalidArgument, "conv of {} with weights {} in {} groups: channels do not fit", shape_text(x),
         shape_text(w), conv.group);
  }
  p.n = x[0], p.c = x[1], p.m = w[0], p.group_c = w[1], p.group_m = w[0] / conv.group;
  const Shape spatial(x.begin() + 2, x.end());
  p.ranges =
      window_ranges(spatial, window_axes(kernel_of(to_dims(w)), conv.strides, conv.dilations, conv.pads, conv.auto_pad),
                    conv.auto_pad, false);
  const Shape out = output_sizes(p.ranges);
  p.in_size = element_count(spatial), p.out_size = element_count(out);
  p.kernel_size = element_count(Shape(w.begin() + 2, w.end()));
  p.in_strides = row_major_strides(spatial), p.out_strides = row_major_strides(out);
  return p;
}

// Outputs [first, last) of one axis for which kernel position k reads inside the data.
void valid_outputs(const WindowRange& range, int64_t k, int64_t& first, int64_t& last) {
  const int64_t offset = k * range.dilation - range.pad_begin;  // input = o * stride + offset
  first = offset >= 0 ? 0 : (-offset + range.stride - 1) / range.stride;
  last = offset >= range.size ? 0 : std::min(range.output, (range.size - 1 - offset) / range.stride + 1);
}

// y += weight * x for one kernel position, recursing over the spatial axes.
void add_shifted(const Problem& p, const Shape& kernel_index, size_t axis, double weight, const double* x, double* y) {
  const WindowRange& range = p.ranges[axis];
  int64_t first, last;
  valid_outputs(range, kernel_index[axis], first, last);
  const int64_t offset = kernel_index[axis] * range.dilation - range.pad_begin;
  if (axis + 1 == p.ranges.size()) {
    for (int64_t o = first; o < last; ++o) y[o] += weight * x[o * range.stride + offset];
    return;
  }
  for (int64_t o = first; o < last; ++o) {
    add_shifted(p, kernel_index, axis + 1, weight, x + (o * range.stride + offset) * p.in_strides[axis],
                y + o * p.out_strides[axis]);
  }
}

void advance(Shape& index, const std::vector<WindowRange>& ranges) {
  for (size_t axis = index.size(); axis-- > 0;) {
    if (++index[axis] < ranges[axis].kernel) return;
    index[axis] = 0;
  }
}

}  // namespace

bool is_pointwise(const Conv& conv, const Shape& weights) {
  const auto all = [](std::span<const int64_t> values, int64_t value) {
    return std::all_of(values.begin(), values.end(), [&](int64_t each) { return each == value; });
  };
  return conv.group == 1 && all(std::span(weights).subspan(2), 1) && all(conv.strides, 1) && all(conv.pads, 0);
}

ConvResult convolve(const Conv& conv, std::span<const double> x, const Shape& x_shape, std::span<const double> w,
                    const Shape& w_shape) {
  const Problem p = problem_of(conv, x_shape, w_shape);
  ConvResult result{{p.n, p.m}, {}};
  for (const WindowRange& range : p.ranges) result.shape.push_back(range.output);
  result.values.assign(static_cast<size_t>(element_count(result.shape)), 0.0);
  if (result.values.empty()) return result;
  for (int64_t n = 0; n < p.n; ++n) {
    for (int64_t m = 0; m < p.m; ++m) {
      double* y = result.values.data() + (n * p.m + m) * p.out_size;
      const int64_t first_c = m / p.group_m * p.group_c;
      for (int64_t c = 0; c < p.group_c; ++c) {
        const double* plane = x.data() + (n * p.c + first_c + c) * p.in_size;
        const double* kernel = w.data() + (m * p.group_c + c) * p.kernel_size;
        Shape index(p.ranges.size(), 0);
        for (int64_t k = 0; k < p.kernel_size; ++k, advance(index, p.ranges)) {
          add_shifted(p, index, 0, kernel[k], plane, y);
        }
      }
    }
  }
  return result;
}

Dim conv_output_size(const Dim& size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_begin,
                     int64_t pad_end) {
  return window_output_size(size, {kernel, stride, dilation, pad_begin, pad_end}, AutoPad::kNone, false);
}

Fact infer_convolution(const Conv& conv, const InferContext& context, const std::optional<DimShape>& x,
                       const std::optional<DimShape>& w, DType dtype) {
  context.require(!x || x->size() >= 3, "conv takes data of rank 3 or more, got {}", x ? dims_text(*x) : "");
  context.require(!w || w->size() >= 3, "conv takes weights of rank 3 or more, got {}", w ? dims_text(*w) : "");
  context.require(!x || !w || x->size() == w->size(), "data {} and weights {} of conv differ in rank",
                  x ? dims_text(*x) : "", w ? dims_text(*w) : "");
  context.require(conv.group >= 1, "conv in {} groups", conv.group);
  if (!x && !w) return Fact(dtype, std::nullopt);
  const size_t rank = x ? x->size() : w->size();
  DimShape result = context.fresh_shape(rank);
  const size_t channel = conv.channels_last ? rank - 1 : 1, spatial = conv.channels_last ? 1 : 2;
  if (w) {
    const auto m = (*w)[0].constant();
    context.require(!m || *m % conv.group == 0, "conv: {} filters in {} groups", m.value_or(0), conv.group);
    result[channel] = (*w)[0];
    const auto axes = window_axes(kernel_of(*w), conv.strides, conv.dilations, conv.pads, conv.auto_pad);
    for (size_t i = 0; x && i < axes.size(); ++i) {
      result[spatial + i] = window_output_size((*x)[spatial + i], axes[i], conv.auto_pad, false);
    }
  }
  if (x) result[0] = (*x)[0];
  if (x && w) unify((*x)[channel], (*w)[1] * conv.group, "channels of data and of weights times groups of conv");
  return Fact(dtype, std::move(result));
}

static void infer(const Conv& conv, InferContext& context) {
  const Fact &x = context.input(0), &w = context.input(1);
  context.require(is_float(x.dtype()), "conv takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(x.dtype() == w.dtype(), "data and weights of conv have types {} and {}", dtype_name(x.dtype()),
                  dtype_name(w.dtype()));
  if (context.has(2)) {
    const Fact& bias = context.input(2);
    context.require(bias.dtype() == x.dtype() || (bias.dtype() == DType::kF32 && x.dtype() == DType::kBF16),
                    "the bias of conv has type {} instead of {}", dtype_name(bias.dtype()), dtype_name(x.dtype()));
    context.require(!bias.has_rank() || bias.rank() == 1, "the bias of conv has the shape {}", bias.text());
    if (bias.has_rank() && w.has_rank()) unify((*w.shape)[0], (*bias.shape)[0], "filters and biases of conv");
  }
  infer_epilogue(conv.epilogue, context, infer_convolution(conv, context, x.shape, w.shape, x.dtype()), 3);
}

static void eval(const Conv& conv, EvalContext& context) {
  const Tensor &x = context.tensor(0), &w = context.tensor(1);
  if (x.rank() < 3) fail(Code::kInvalidArgument, "conv takes data of rank 3 or more, got {}", x.type_text());
  std::vector<double> data = to_doubles(x);
  if (conv.channels_last) data = to_channels_first(data, x.shape());
  ConvResult result =
      convolve(conv, data, conv.channels_last ? channels_first_shape(x.shape()) : x.shape(), to_doubles(w), w.shape());
  if (context.has(2)) {
    const std::vector<double> bias = to_doubles(context.tensor(2));
    const int64_t m = result.shape[1];
    if (static_cast<int64_t>(bias.size()) != m) {
      fail(Code::kInvalidArgument, "conv has {} filters and {} biases", m, bias.size());
    }
    const size_t plane =
        m == 0 || result.shape[0] == 0 ? 1 : result.values.size() / static_cast<size_t>(m * result.shape[0]);
    for (size_t i = 0; i < result.values.size(); ++i) result.values[i] += bias[i / plane % static_cast<size_t>(m)];
  }
  if (conv.channels_last) {
    result.values = to_channels_last(result.values, result.shape);
    result.shape = channels_last_shape(result.shape);
  }
  eval_epilogue(conv.epilogue, context, x.dtype(), result.shape, std::span<const double>(result.values), 3);
}

const OpDef Conv::def = define_op<Conv, infer, eval>(
    {"conv",
     "cross-correlation of [n, c, spatial...] with [m, c/group, kernel...] filters, plus bias",
     2,
     -1,
     1,
     kNoTraits,
     {2, 4}});

}  // namespace ingot
