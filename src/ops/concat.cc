#include "ops/concat.h"

#include "base/checked.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

std::optional<DimShape> joined_elements(const InferContext& context) {
  DimShape elements;
  for (size_t i = 0; i < context.input_count(); ++i) {
    const auto own = context.elements(i);
    if (!own || context.input(i).rank() != 1) return std::nullopt;
    elements.insert(elements.end(), own->begin(), own->end());
  }
  return elements;
}

}  // namespace

static void infer(const Concat& concat, InferContext& context) {
  const Fact* known = nullptr;
  bool all_known = true;
  for (size_t i = 0; i < context.input_count(); ++i) {
    const Fact& x = context.input(i);
    context.require(x.type.is_tensor() && x.type == context.input(0).type, "input {} is of type {}, input 0 of {}", i,
                    x.type.text(), context.input(0).type.text());
    if (x.has_rank() && known == nullptr) known = &x;
    all_known = all_known && x.has_rank();
  }
  if (known == nullptr) {
    context.set_output(0, context.dtype(0), std::nullopt);
    return;
  }
  const auto axis = static_cast<size_t>(normalize_axis(concat.axis, known->rank()));
  DimShape shape = *known->shape;
  shape[axis] = 0;
  for (size_t i = 0; i < context.input_count(); ++i) {
    const Fact& x = context.input(i);
    if (!x.has_rank()) continue;
    context.require(x.shape->size() == shape.size(), "inputs of shapes {} and {} cannot be joined",
                    dims_text(*known->shape), dims_text(*x.shape));
    for (size_t k = 0; k < shape.size(); ++k) {
      const Dim& size = (*x.shape)[k];
      shape[k] = k == axis ? shape[k] + size : unify(shape[k], size, "the sizes of the axes that are not joined");
    }
  }
  if (!all_known) shape[axis] = context.fresh_dim();
  context.set_output(0, elements_fact(context.dtype(0), std::move(shape), joined_elements(context)));
}

static void eval(const Concat& concat, EvalContext& context) {
  const Tensor& first = context.tensor(0);
  const auto axis = static_cast<size_t>(normalize_axis(concat.axis, first.rank()));
  Shape shape = first.shape();
  for (size_t i = 1; i < context.input_count(); ++i) {
    const Tensor& x = context.tensor(i);
    Shape own = x.shape();
    if (own.size() == shape.size()) own[axis] = first.shape()[axis];
    if (x.dtype() != first.dtype() || own != first.shape()) {
      fail(Code::kInvalidArgument, "{} and {} cannot be joined along axis {}", first.type_text(), x.type_text(), axis);
    }
    shape[axis] = checked_add(shape[axis], x.shape()[axis]);
  }
  Tensor& y = context.output(0, first.dtype(), shape);
  int64_t outer = 1, row = 1;
  for (size_t i = 0; i < axis; ++i) outer *= shape[i];
  for (size_t i = axis; i < shape.size(); ++i) row *= shape[i];
  int64_t at = 0;
  for (size_t i = 0; i < context.input_count(); ++i) {
    const Tensor& x = context.tensor(i);
    if (x.count() == 0) continue;
    const int64_t piece = x.count() / outer;
    for (int64_t o = 0; o < outer; ++o) copy_elements(x, o * piece, y, o * row + at, piece);
    at += piece;
  }
}

const OpDef Concat::def =
    define_op<Concat, infer, eval>({"concat", "the inputs joined along axis", 1, -1, 1, kMovesData});

}  // namespace ingot
