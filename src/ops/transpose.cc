#include "ops/transpose.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// The permutation for this rank: reversed axes when the field is empty.
std::vector<int64_t> checked_permutation(std::vector<int64_t> permutation, int64_t rank) {
  if (permutation.empty()) {
    for (int64_t axis = rank; axis-- > 0;) permutation.push_back(axis);
  }
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  bool valid = static_cast<int64_t>(permutation.size()) == rank;
  for (const int64_t axis : permutation) {
    valid = valid && axis >= 0 && axis < rank && !seen[static_cast<size_t>(axis)];
    if (valid) seen[static_cast<size_t>(axis)] = true;
  }
  if (!valid) fail(Code::kInvalidArgument, "{} is no permutation of {} axes", shape_text(permutation), rank);
  return permutation;
}

}  // namespace

static void infer(const Transpose& transpose, InferContext& context) {
  const Fact& x = context.input(0);
  if (!x.has_rank()) {
    const bool reversed = transpose.permutation.empty();
    context.set_output(0, x.dtype(),
                       reversed ? std::optional<DimShape>() : context.fresh_shape(transpose.permutation.size()));
    return;
  }
  DimShape shape;
  for (const int64_t axis : checked_permutation(transpose.permutation, x.rank()))
    shape.push_back((*x.shape)[static_cast<size_t>(axis)]);
  context.set_output(0, elements_fact(x.dtype(), std::move(shape), x.elements));
}

static void eval(const Transpose& transpose, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  Shape shape, strides;
  const Shape x_strides = row_major_strides(x.shape());
  for (const int64_t axis : checked_permutation(transpose.permutation, x.rank())) {
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
