#include "ops/max_unpool.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "ops/window.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// The shape that the fields give for `x`.
DimShape natural_shape(const MaxUnpool& unpool, const DimShape& x) {
  const auto axes = window_axes(to_dims(unpool.kernel), unpool.strides, {}, unpool.pads, AutoPad::kNone);
  if (x.size() != axes.size() + 2) {
    fail(Code::kInvalidArgument, "max_unpool over {} axes of {}", axes.size(), dims_text(x));
  }
  DimShape shape = x;
  for (size_t i = 0; i < axes.size(); ++i) {
    shape[i + 2] = (x[i + 2] - 1) * axes[i].stride + axes[i].kernel - axes[i].pad_begin - axes[i].pad_end;
  }
  return shape;
}

}  // namespace

static void infer(const MaxUnpool& unpool, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_int(context.dtype(1)), "the indices of max_unpool are {}", context.input(1).text());
  if (context.has(2)) {
    const auto elements = context.elements(2);
    context.require(!elements || elements->size() == unpool.kernel.size() + 2, "output shape of rank {} of max_unpool",
                    elements ? elements->size() : 0);
    return context.set_output(0, x.dtype(), elements ? *elements : context.fresh_shape(unpool.kernel.size() + 2));
  }
  if (!x.has_rank()) return context.set_output(0, x.dtype(), context.fresh_shape(unpool.kernel.size() + 2));
  context.set_output(0, x.dtype(), natural_shape(unpool, *x.shape));
}

static void eval(const MaxUnpool& unpool, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1);
  if (x.shape() != indices.shape()) {
    fail(Code::kInvalidArgument, "max_unpool of {} with indices {}", x.type_text(), indices.type_text());
  }
  const Shape natural = *constant_shape(natural_shape(unpool, to_dims(x.shape())));
  const Shape shape = context.has(2) ? to_ints(context.tensor(2)) : natural;
  bool fits = shape.size() == natural.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] >= natural[i];
  if (!fits) fail(Code::kInvalidArgument, "max_unpool of shape {} into {}", shape_text(natural), shape_text(shape));
  Tensor& y = context.output(0, x.dtype(), shape);
  write_doubles(y, std::vector<double>(static_cast<size_t>(y.count()), 0.0));
  const int64_t count = element_count(natural);
  const Shape strides = row_major_strides(shape), own = row_major_strides(natural);
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t flat = read_int(indices, i);
    if (flat < 0 || flat >= count)
      fail(Code::kInvalidArgument, "index {} of max_unpool is outside {}", flat, shape_text(natural));
    int64_t offset = 0;
    for (size_t axis = 0; axis < shape.size(); ++axis) offset += flat / own[axis] % natural[axis] * strides[axis];
    copy_element(x, i, y, offset);
  }
}

const OpDef MaxUnpool::def =
    define_op<MaxUnpool, infer, eval>({"max_unpool", "y[indices[i]] = x[i], zero elsewhere", 2, 3, 1});

}  // namespace ingot
