#include "ops/deform_conv.h"

#include <cmath>

#include "ops/conv.h"
#include "ops/eval.h"
#include "ops/fused.h"
#include "ops/infer.h"
#include "ops/interpolate.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Conv plain(const DeformConv& deform) {
  Conv conv;
  conv.group = deform.group;
  conv.strides = deform.strides;
  conv.dilations = deform.dilations;
  conv.pads = deform.pads;
  return conv;
}

struct Problem {
  int64_t n, c, m, group_c, group_m, offset_c, taps, axes, in_size, out_size;
  std::vector<WindowRange> ranges;
  Shape in, out, kernel;
};

Problem problem_of(const DeformConv& deform, const Tensor& x, const Tensor& w, const Tensor& offset) {
  const auto refuse = [&] {
    fail(Code::kInvalidArgument, "deform_conv of {} with weights {} and offsets {} in {} and {} groups", x.type_text(),
         w.type_text(), offset.type_text(), deform.group, deform.offset_group);
  };
  if (x.rank() < 3 || w.rank() != x.rank() || offset.rank() != x.rank()) refuse();
  if (deform.group < 1 || deform.offset_group < 1) refuse();
  Problem p;
  p.n = x.dim(0), p.c = x.dim(1), p.m = w.dim(0), p.group_c = w.dim(1), p.group_m = p.m / deform.group;
  if (p.c != p.group_c * deform.group || p.m % deform.group != 0 || p.c % deform.offset_group != 0) refuse();
  p.offset_c = p.c / deform.offset_group, p.axes = x.rank() - 2;
  p.in = Shape(x.shape().begin() + 2, x.shape().end());
  p.kernel = Shape(w.shape().begin() + 2, w.shape().end());
  p.ranges =
      window_ranges(p.in, window_axes(to_dims(p.kernel), deform.strides, deform.dilations, deform.pads, AutoPad::kNone),
                    AutoPad::kNone, false);
  p.out = output_sizes(p.ranges);
  p.taps = element_count(p.kernel), p.in_size = element_count(p.in), p.out_size = element_count(p.out);
  Shape wanted{p.n, deform.offset_group * p.taps * p.axes};
  wanted.insert(wanted.end(), p.out.begin(), p.out.end());
  if (offset.shape() != wanted) refuse();
  return p;
}

// The samples that the taps of one (image, channel) read: [taps, out].
std::vector<double> sample_channel(const Problem& p, const DeformConv& deform, const double* plane,
                                   const double* offsets, const double* mask, int64_t n, int64_t c) {
  std::vector<double> samples(static_cast<size_t>(p.taps * p.out_size));
  const int64_t block = n * deform.offset_group + c / p.offset_c;
  std::vector<double> position(static_cast<size_t>(p.axes));
  StridedWalk<1> tap(p.kernel, {row_major_strides(p.kernel)});
  for (int64_t k = 0; k < p.taps; ++k, tap.next()) {
    StridedWalk<1> out(p.out, {row_major_strides(p.out)});
    for (int64_t o = 0; o < p.out_size; ++o, out.next()) {
      for (size_t axis = 0; axis < position.size(); ++axis) {
        const WindowRange& range = p.ranges[axis];
        const int64_t row = (block * p.taps + k) * p.axes + static_cast<int64_t>(axis);
        position[axis] = static_cast<double>(range.start(out.index()[axis]) + tap.index()[axis] * range.dilation) +
                         offsets[row * p.out_size + o];
      }
      const double factor = mask == nullptr ? 1 : mask[(block * p.taps + k) * p.out_size + o];
      samples[static_cast<size_t>(k * p.out_size + o)] = factor * sample_linear(plane, p.in, position);
    }
  }
  return samples;
}

}  // namespace

static void infer(const DeformConv& deform, InferContext& context) {
  const Fact &x = context.input(0), &offset = context.input(2);
  context.require(is_float(x.dtype()), "deform_conv takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(deform.offset_group >= 1, "deform_conv in {} offset groups", deform.offset_group);
  Fact result = infer_convolution(plain(deform), context, x.shape, context.shape(1), x.dtype());
  if (result.has_rank() && offset.has_rank()) {
    context.require(offset.rank() == result.rank(), "offsets {} for a result {}", offset.text(), result.text());
    for (size_t i = 2; i < result.shape->size(); ++i) {
      Dim& size = (*result.shape)[i];
      size = unify(size, (*offset.shape)[i], "sizes of the offsets and the result of deform_conv");
    }
  }
  context.set_output(0, std::move(result));
}

static void eval(const DeformConv& deform, EvalContext& context) {
  const Tensor &x = context.tensor(0), &w = context.tensor(1);
  const Problem p = problem_of(deform, x, w, context.tensor(2));
  const auto data = to_doubles(x), weights = to_doubles(w), offsets = to_doubles(context.tensor(2));
  std::vector<double> bias, mask;
  if (context.has(3)) bias = to_doubles(context.tensor(3));
  if (context.has(4)) mask = to_doubles(context.tensor(4));
  if ((context.has(3) && static_cast<int64_t>(bias.size()) != p.m) ||
      (context.has(4) && static_cast<int64_t>(mask.size()) != p.n * deform.offset_group * p.taps * p.out_size)) {
    fail(Code::kInvalidArgument, "bias or mask of deform_conv do not fit");
  }
  Shape shape{p.n, p.m};
  shape.insert(shape.end(), p.out.begin(), p.out.end());
  Tensor& result = context.output(0, x.dtype(), shape);
  std::vector<double> y(static_cast<size_t>(result.count()), 0.0);
  for (int64_t n = 0; n < p.n; ++n) {
    for (int64_t c = 0; c < p.c; ++c) {
      const auto samples = sample_channel(p, deform, data.data() + (n * p.c + c) * p.in_size, offsets.data(),
                                          context.has(4) ? mask.data() : nullptr, n, c);
      const int64_t first = c / p.group_c * p.group_m;
      for (int64_t m = first; m < first + p.group_m; ++m) {
        double* plane = y.data() + (n * p.m + m) * p.out_size;
        const double* kernel = weights.data() + (m * p.group_c + c % p.group_c) * p.taps;
        for (int64_t i = 0; i < p.taps * p.out_size; ++i) {
          plane[i % p.out_size] += kernel[i / p.out_size] * samples[static_cast<size_t>(i)];
        }
      }
    }
  }
  for (size_t i = 0; !bias.empty() && i < y.size(); ++i) {
    y[i] += bias[i / static_cast<size_t>(p.out_size) % static_cast<size_t>(p.m)];
  }
  write_doubles(result, y);
}

const OpDef DeformConv::def =
    define_op<DeformConv, infer, eval>({"deform_conv",
                                        "convolution whose taps read at learned offsets, linearly interpolated",
                                        3,
                                        5,
                                        1,
                                        kNoTraits,
                                        {8, 2}});

}  // namespace ingot
