#include "ops/resize.h"

#include <algorithm>
#include <cmath>

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr double kMaxSize = 1e12;

std::vector<int64_t> axes_of(const Resize& resize, int64_t rank) {
  std::vector<int64_t> axes;
  if (resize.axes.empty()) {
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  for (const int64_t axis : resize.axes) axes.push_back(normalize_axis(axis, rank));
  for (size_t i = 0; i < axes.size(); ++i) {
    if (std::count(axes.begin(), axes.end(), axes[i]) > 1)
      fail(Code::kInvalidArgument, "resize of axis {} twice", axes[i]);
  }
  return axes;
}

int64_t to_size(double value) {
  if (!(value >= 0 && value < kMaxSize)) fail(Code::kInvalidArgument, "resize to {} elements", value);
  return static_cast<int64_t>(value);
}

int64_t scaled_size(int64_t size, double scale) {
  return to_size(std::floor(static_cast<float>(size) * static_cast<float>(scale)));
}

// floor(size * scale) for a symbolic size: exact for scales with a small power of two as denominator.
std::optional<Dim> scaled_dim(const Dim& size, double scale) {
  if (const auto constant = size.constant()) return Dim(scaled_size(*constant, scale));
  for (int64_t denominator = 1; denominator <= 1024; denominator *= 2) {
    const double numerator = scale * static_cast<double>(denominator);
    if (numerator == std::floor(numerator) && numerator > 0 && numerator < 1e6) {
      return Dim::floor_div(size * static_cast<int64_t>(numerator), denominator);
    }
  }
  return std::nullopt;
}

struct Target {
  std::vector<int64_t> output;  // per axis
  std::vector<double> scales;
};

// Applies the aspect policy to wanted sizes.
void set_sizes(const Resize& resize, const std::vector<int64_t>& sizes, const Shape& in, Target& target) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    target.output.push_back(to_size(static_cast<double>(sizes[i])));
    target.scales.push_back(in[i] == 0 ? 1 : static_cast<double>(sizes[i]) / static_cast<double>(in[i]));
  }
  if (resize.aspect == ResizeAspect::kStretch || sizes.empty()) return;
  const auto [least, most] = std::minmax_element(target.scales.begin(), target.scales.end());
  const double scale = resize.aspect == ResizeAspect::kNotLarger ? *least : *most;
  for (size_t i = 0; i < sizes.size(); ++i) {
    target.output[i] = to_size(std::floor(scale * static_cast<double>(in[i]) + 0.5));
    target.scales[i] = scale;
  }
}

Target target_of(const Resize& resize, EvalContext& context, const Shape& in) {
  Target target;
  std::vector<int64_t> sizes = resize.sizes;
  target.scales = resize.scales;
  if (context.has(2) && context.tensor(2).count() > 0) target.scales = to_doubles(context.tensor(2));
  if (context.has(3) && context.tensor(3).count() > 0) sizes = to_ints(context.tensor(3));
  if (!sizes.empty()) target.scales.clear();
  if (sizes.size() + target.scales.size() != in.size()) {
    fail(Code::kInvalidArgument, "resize of {} axes with {} sizes and {} scales", in.size(), sizes.size(),
         target.scales.size());
  }
  if (!sizes.empty()) {
    set_sizes(resize, sizes, in, target);
  } else {
    for (size_t i = 0; i < in.size(); ++i) target.output.push_back(scaled_size(in[i], target.scales[i]));
  }
  return target;
}

std::vector<double> resample(const Resize& resize, const ResizeAxis& axis, const AxisSplit& split,
                             const std::vector<double>& x) {
  std::vector<double> y(static_cast<size_t>(split.outer * axis.output * split.inner));
  for (int64_t outer = 0; outer < split.outer; ++outer) {
    for (int64_t o = 0; o < axis.output; ++o) {
      double* row = y.data() + (outer * axis.output + o) * split.inner;
      if (axis.outside[static_cast<size_t>(o)]) {
        std::fill(row, row + split.inner, resize.extrapolation_value);
        continue;
      }
      for (int64_t i = 0; i < axis.taps; ++i) {
        const double weight = axis.weights[static_cast<size_t>(o * axis.taps + i)];
        const int64_t at = std::clamp<int64_t>(axis.first[static_cast<size_t>(o)] + i, 0, axis.size - 1);
        const double* source = x.data() + (outer * axis.size + at) * split.inner;
        if (weight == 0) continue;
        for (int64_t k = 0; k < split.inner; ++k) row[k] += weight * source[k];
      }
    }
  }
  return y;
}

// Integers are rounded to nearest and clipped.
void store(Tensor& y, std::vector<double> values) {
  if (is_int(y.dtype())) {
    const int bits = dtype_bits(y.dtype());
    const double top = std::ldexp(1, is_signed_int(y.dtype()) ? bits - 1 : bits) - 1;
    const double bottom = is_signed_int(y.dtype()) ? -top - 1 : 0;
    for (double& value : values) value = std::clamp(std::nearbyint(value), bottom, top);
  }
  write_doubles(y, values);
}

}  // namespace

static void infer(const Resize& resize, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()) || is_int(x.dtype()) || x.dtype() == DType::kBool, "resize of {} elements",
                  dtype_name(x.dtype()));
  context.require(!resize.antialias || resize.mode != ResizeMode::kNearest, "antialias of nearest neighbours");
  if (!x.has_rank()) return context.set_output(0, x.dtype(), std::nullopt);
  const auto axes = axes_of(resize, x.rank());
  DimShape shape = *x.shape;
  std::optional<DimShape> sizes;
  if (!resize.sizes.empty()) sizes = to_dims(resize.sizes);
  bool hidden = false;  // sizes that only a run decides
  if (context.has(3)) {
    const auto elements = context.elements(3);
    const bool none = context.shape(3) && product(*context.shape(3)).is(0);
    hidden = !elements && !none;
    if (!none) sizes = elements;
  }
  std::optional<std::vector<double>> scales;
  if (!resize.scales.empty()) scales = resize.scales;
  if (context.has(2) && context.value(2) != nullptr) scales = to_doubles(*context.value(2));
  if (sizes && sizes->empty()) sizes.reset();
  if (scales && scales->empty()) scales.reset();
  context.require(!sizes || sizes->size() == axes.size(), "resize of {} axes to {} sizes", axes.size(),
                  sizes ? sizes->size() : 0);
  context.require(sizes || hidden || !scales || scales->size() == axes.size(), "resize of {} axes by {} scales",
                  axes.size(), scales ? scales->size() : 0);
  DimShape selected;
  for (const int64_t axis : axes) selected.push_back(shape[static_cast<size_t>(axis)]);
  if (sizes && resize.aspect != ResizeAspect::kStretch) {
    const auto in = constant_shape(selected), out = constant_shape(*sizes);
    Target target;
    if (in && out) set_sizes(resize, *out, *in, target);
    sizes = in && out ? to_dims(target.output) : context.fresh_shape(axes.size());
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    Dim& size = shape[static_cast<size_t>(axes[i])];
    if (sizes) {
      size = (*sizes)[i];
    } else {
      const auto scaled = scales && !hidden ? scaled_dim(size, (*scales)[i]) : std::nullopt;
      size = scaled ? *scaled : context.fresh_dim();
    }
  }
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const Resize& resize, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const auto axes = axes_of(resize, x.rank());
  Shape in, shape = x.shape();
  for (const int64_t axis : axes) in.push_back(x.dim(axis));
  const Target target = target_of(resize, context, in);
  std::vector<double> roi;
  if (resize.coordinates == ResizeCoordinates::kTfCropAndResize) {
    roi = to_doubles(context.tensor(1));
    if (roi.size() != 2 * axes.size())
      fail(Code::kInvalidArgument, "resize of {} axes with {} roi numbers", axes.size(), roi.size());
  }
  for (size_t i = 0; i < axes.size(); ++i) shape[static_cast<size_t>(axes[i])] = target.output[i];
  Tensor& y = context.output(0, x.dtype(), shape);
  std::vector<double> values = to_doubles(x);
  Shape current = x.shape();
  for (size_t i = 0; i < axes.size(); ++i) {
    const double start = roi.empty() ? 0 : roi[i], end = roi.empty() ? 1 : roi[axes.size() + i];
    if (target.output[i] == in[i] && target.scales[i] == 1 && start == 0 && end == 1) continue;
    const ResizeAxis axis = resize_axis(resize, in[i], target.output[i], target.scales[i], start, end);
    values = resample(resize, axis, split_at(current, axes[i]), values);
    current[static_cast<size_t>(axes[i])] = target.output[i];
  }
  store(y, std::move(values));
}

const OpDef Resize::def = define_op<Resize, infer, eval>(
    {"resize", "x resampled along axes: nearest, linear or cubic (Keys) interpolation", 1, 4, 1, kNoTraits, {16, 4}});

}  // namespace ingot
