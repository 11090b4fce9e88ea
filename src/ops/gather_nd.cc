#include "ops/gather_nd.h"

#include "ops/eval.h"
#include "ops/index_tuples.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const GatherNd& gather, InferContext& context) {
  const Fact &x = context.input(0), &indices = context.input(1);
  context.require(x.type.is_tensor(), "gather_nd takes a tensor, got {}", x.type.text());
  require_index_type(indices.dtype());
  context.require(gather.batch_dims >= 0, "{} batch axes", gather.batch_dims);
  if (!x.has_rank() || !indices.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  context.require(indices.rank() > gather.batch_dims, "indices {} have no more than {} batch axes", indices.text(),
                  gather.batch_dims);
  const auto width = indices.shape->back().constant();
  if (!width) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  context.require(gather.batch_dims <= x.rank() && *width <= x.rank() - gather.batch_dims,
                  "{} indices for each slice of {} with {} batch axes", *width, x.text(), gather.batch_dims);
  DimShape shape(indices.shape->begin(), indices.shape->end() - 1);
  for (int64_t i = 0; i < gather.batch_dims; ++i) {
    const auto axis = static_cast<size_t>(i);
    shape[axis] = unify(shape[axis], (*x.shape)[axis], "batch axes");
  }
  shape.insert(shape.end(), x.shape->begin() + gather.batch_dims + *width, x.shape->end());
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const GatherNd& gather, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1);
  const IndexTuples tuples(x.shape(), indices, gather.batch_dims);
  Shape shape(indices.shape().begin(), indices.shape().end() - 1);
  shape.insert(shape.end(), x.shape().begin() + gather.batch_dims + indices.shape().back(), x.shape().end());
  Tensor& y = context.output(0, x.dtype(), shape);
  if (y.count() == 0) return;
  for (int64_t row = 0; row < tuples.rows; ++row) {
    copy_elements(x, tuples.offset(row), y, row * tuples.slice, tuples.slice);
  }
}

const OpDef GatherNd::def = define_op<GatherNd, infer, eval>(
    {"gather_nd", "the slices of x that rows of indices name, after batch_dims axes in common", 2, 2, 1, kMovesData});

}  // namespace ingot
