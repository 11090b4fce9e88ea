#include "ops/scatter_elements.h"

#include "ops/binary.h"
#include "ops/element_offsets.h"
#include "ops/eval.h"
#include "ops/index_tuples.h"
#include "ops/infer.h"

namespace ingot {
namespace {

BinaryFn function_of(ScatterReduction reduction) {
  switch (reduction) {
    case ScatterReduction::kAdd: return BinaryFn::kAdd;
    case ScatterReduction::kMul: return BinaryFn::kMul;
    case ScatterReduction::kMin: return BinaryFn::kMin;
    default: return BinaryFn::kMax;
  }
}

void check_types(ScatterReduction reduction, DType x, DType indices, DType updates) {
  require_index_type(indices);
  if (x != updates) {
    fail(Code::kInvalidArgument, "updates of {} for elements of {}", dtype_name(updates), dtype_name(x));
  }
  if (reduction != ScatterReduction::kNone && !is_int(x) && !is_float(x) && x != DType::kBool) {
    fail(Code::kInvalidArgument, "no {} of {}", enum_name(reduction), dtype_name(x));
  }
}

// The output, holding a copy of x.
Tensor& copied(const Tensor& x, EvalContext& context) {
  Tensor& y = context.output(0, x.dtype(), x.shape());
  copy_elements(x, 0, y, 0, x.count());
  return y;
}

void update(ScatterReduction reduction, const Tensor& updates, int64_t from, Tensor& y, int64_t to, int64_t count) {
  if (reduction == ScatterReduction::kNone) return copy_elements(updates, from, y, to, count);
  for (int64_t i = 0; i < count; ++i) {
    apply_binary_element(function_of(reduction), y, to + i, updates, from + i, y, to + i);
  }
}

// x[indices] = updates on tracked content: x of rank 1, rows of one index.
std::optional<DimShape> updated_elements(const ScatterNd& scatter, const InferContext& context) {
  auto elements = context.elements(0);
  const auto updates = context.elements(2);
  const Tensor* indices = context.value(1);
  if (scatter.reduction != ScatterReduction::kNone || !elements || !updates || indices == nullptr) return std::nullopt;
  if (context.input(0).rank() != 1 || indices->rank() != 2 || indices->dim(1) != 1) return std::nullopt;
  if (indices->count() != static_cast<int64_t>(updates->size())) return std::nullopt;
  const auto size = static_cast<int64_t>(elements->size());
  for (int64_t i = 0; i < indices->count(); ++i) {
    const int64_t index = read_int(*indices, i);
    if (index < -size || index >= size) return std::nullopt;  // evaluation reports it
    (*elements)[static_cast<size_t>(index < 0 ? index + size : index)] = (*updates)[static_cast<size_t>(i)];
  }
  return elements;
}

}  // namespace

static void infer_elements(const ScatterElements& scatter, InferContext& context) {
  const Fact& x = context.input(0);
  check_types(scatter.reduction, x.dtype(), context.dtype(1), context.dtype(2));
  if (x.has_rank()) context.axis(scatter.axis, 0);
  context.set_output(0, x.dtype(), x.shape);
}

static void eval_elements(const ScatterElements& scatter, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1), &updates = context.tensor(2);
  check_types(scatter.reduction, x.dtype(), indices.dtype(), updates.dtype());
  if (indices.shape() != updates.shape()) {
    fail(Code::kInvalidArgument, "updates {} and indices {} differ in shape", updates.type_text(), indices.type_text());
  }
  Tensor& y = copied(x, context);
  for_each_indexed_element(x.shape(), indices, scatter.axis,
                           [&](int64_t i, int64_t offset) { update(scatter.reduction, updates, i, y, offset, 1); });
}

static void infer_nd(const ScatterNd& scatter, InferContext& context) {
  const Fact &x = context.input(0), &indices = context.input(1);
  check_types(scatter.reduction, x.dtype(), indices.dtype(), context.dtype(2));
  context.require(!indices.has_rank() || indices.rank() > 0, "indices must have an axis");
  if (!x.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  if (indices.has_rank()) {
    const auto width = indices.shape->back().constant();
    context.require(!width || *width <= x.rank(), "{} indices for each slice of {}", width.value_or(0), x.text());
  }
  context.set_output(0, elements_fact(x.dtype(), *x.shape, updated_elements(scatter, context)));
}

static void eval_nd(const ScatterNd& scatter, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1), &updates = context.tensor(2);
  check_types(scatter.reduction, x.dtype(), indices.dtype(), updates.dtype());
  const IndexTuples tuples(x.shape(), indices, 0);
  Shape expected(indices.shape().begin(), indices.shape().end() - 1);
  expected.insert(expected.end(), x.shape().begin() + indices.shape().back(), x.shape().end());
  if (updates.shape() != expected) {
    fail(Code::kInvalidArgument, "updates must be of shape {}, got {}", shape_text(expected), updates.type_text());
  }
  Tensor& y = copied(x, context);
  for (int64_t row = 0; row < tuples.rows; ++row) {
    update(scatter.reduction, updates, row * tuples.slice, y, tuples.offset(row), tuples.slice);
  }
}

const OpDef ScatterElements::def = define_op<ScatterElements, infer_elements, eval_elements>(
    {"scatter_elements",
     "x with elements replaced by or combined with updates, one index on axis per update",
     3,
     3,
     1,
     kNoTraits,
     {1, 1}});
const OpDef ScatterNd::def = define_op<ScatterNd, infer_nd, eval_nd>(
    {"scatter_nd",
     "x with slices replaced by or combined with updates, one row of indices per slice",
     3,
     3,
     1,
     kNoTraits,
     {1, 1}});

}  // namespace ingot
