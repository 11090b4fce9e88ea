#include "ops/shape_of.h"

#include <algorithm>

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {
namespace {

template <class Sizes> Sizes selected(const ShapeOf& op, const Sizes& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  const auto clamp = [&](int64_t axis) { return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank); };
  const int64_t start = clamp(op.start), end = std::max(start, clamp(op.end));
  return Sizes(shape.begin() + start, shape.begin() + end);
}

}  // namespace

static void infer(const ShapeOf& op, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "shape_of takes a tensor, got {}", x.type.text());
  if (!x.has_rank()) {
    context.set_output(0, DType::kI64, DimShape{context.fresh_dim()});
    return;
  }
  const DimShape sizes = selected(op, *x.shape);
  context.set_output(0, elements_fact(DType::kI64, {static_cast<int64_t>(sizes.size())}, sizes));
}

static void eval(const ShapeOf& op, EvalContext& context) {
  const Shape sizes = selected(op, context.tensor(0).shape());
  Tensor& y = context.output(0, DType::kI64, {static_cast<int64_t>(sizes.size())});
  std::copy(sizes.begin(), sizes.end(), y.mutable_data<int64_t>());
}

const OpDef ShapeOf::def =
    define_op<ShapeOf, infer, eval>({"shape_of", "the sizes of the axes [start, end) of x", 1, 1, 1, kShapeOnly});

}  // namespace ingot
