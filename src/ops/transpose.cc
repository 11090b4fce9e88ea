#include "ops/transpose.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

void check_permutation(const std::vector<int64_t>& permutation, int64_t rank) {
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  bool valid = static_cast<int64_t>(permutation.size()) == rank;
  for (const int64_t axis : permutation) {
    valid = valid && axis >= 0 && axis < rank && !seen[static_cast<size_t>(axis)];
    if (valid) seen[static_cast<size_t>(axis)] = true;
  }
  if (!valid) fail(Code::kInvalidArgument, "{} is no permutation of {} axes", shape_text(permutation), rank);
}

}  // namespace

static void infer(const Transpose& transpose, InferContext& context) {
  const Fact& x = context.input(0);
  if (!x.has_rank()) {
    context.set_output(0, x.dtype(), context.fresh_shape(transpose.permutation.size()));
    return;
  }
  check_permutation(transpose.permutation, x.rank());
  DimShape shape;
  for (const int64_t axis : transpose.permutation) shape.push_back((*x.shape)[static_cast<size_t>(axis)]);
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const Transpose& transpose, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  check_permutation(transpose.permutation, x.rank());
  Shape shape, strides;
  const Shape x_strides = row_major_strides(x.shape());
  for (const int64_t axis : transpose.permutation) {
    shape.push_back(x.dim(axis));
    strides.push_back(x_strides[static_cast<size_t>(axis)]);
  }
  Tensor& y = context.output(0, x.dtype(), shape);
  Shape index(shape.size(), 0);
  int64_t source = 0;
  for (int64_t i = 0; i < y.count(); ++i) {
    copy_element(x, source, y, i);
    for (size_t axis = shape.size(); axis-- > 0;) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

const OpDef Transpose::def = define_op<Transpose, infer, eval>(
    {"transpose", "axis i of the result is axis permutation[i] of the input", 1, 1, 1, kMovesData});

}  // namespace ingot
