#include "ops/gather_elements.h"

#include "ops/element_offsets.h"
#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const GatherElements& gather, InferContext& context) {
  const Fact &x = context.input(0), &indices = context.input(1);
  context.require(x.type.is_tensor(), "gather_elements takes a tensor, got {}", x.type.text());
  require_index_type(indices.dtype());
  if (x.has_rank()) context.axis(gather.axis, 0);
  context.require(!x.has_rank() || !indices.has_rank() || x.rank() == indices.rank(),
                  "x {} and indices {} must be of equal rank", x.text(), indices.text());
  auto shape = indices.shape;
  if (!shape && x.has_rank()) shape = context.fresh_shape(x.shape->size());
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const GatherElements& gather, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1);
  Tensor& y = context.output(0, x.dtype(), indices.shape());
  for_each_indexed_element(x.shape(), indices, gather.axis,
                           [&](int64_t i, int64_t offset) { copy_element(x, offset, y, i); });
}

const OpDef GatherElements::def = define_op<GatherElements, infer, eval>(
    {"gather_elements", "y at a place is x at the same place with the coordinate on axis replaced by the index there",
     2, 2, 1, kMovesData});

}  // namespace ingot
