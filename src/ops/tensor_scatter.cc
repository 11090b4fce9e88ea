#include "ops/tensor_scatter.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const TensorScatter& scatter, InferContext& context) {
  const Fact &cache = context.input(0), &update = context.input(1);
  context.require(cache.type == update.type, "updates of {} for a cache of {}", update.type.text(), cache.type.text());
  if (context.has(2)) require_index_type(context.dtype(2));
  if (cache.has_rank()) {
    context.require(context.axis(scatter.axis, 0) != 0, "axis 0 is the batch");
    context.require(!update.has_rank() || update.rank() == cache.rank(), "an update {} for a cache {}", update.text(),
                    cache.text());
  }
  context.set_output(0, cache.dtype(), cache.shape);
}

static void eval(const TensorScatter& scatter, EvalContext& context) {
  const Tensor &cache = context.tensor(0), &update = context.tensor(1);
  const int64_t axis = normalize_axis(scatter.axis, cache.rank());
  Shape expected = cache.shape();
  if (update.rank() == cache.rank()) expected[static_cast<size_t>(axis)] = update.dim(axis);
  if (axis == 0 || update.dtype() != cache.dtype() || update.shape() != expected ||
      update.dim(axis) > cache.dim(axis)) {
    fail(Code::kInvalidArgument, "an update {} for a cache {} on axis {}", update.type_text(), cache.type_text(), axis);
  }
  if (context.has(2)) {
    require_index_type(context.tensor(2).dtype());
    if (context.tensor(2).shape() != Shape{cache.dim(0)}) {
      fail(Code::kInvalidArgument, "positions {} for {}", context.tensor(2).type_text(), cache.type_text());
    }
  }
  Tensor& y = context.output(0, cache.dtype(), cache.shape());
  copy_elements(cache, 0, y, 0, cache.count());
  const AxisSplit to = split_at(cache.shape(), axis), from = split_at(update.shape(), axis);
  for (int64_t o = 0; o < to.outer && cache.dim(0) > 0; ++o) {
    const int64_t first = context.has(2) ? read_int(context.tensor(2), o / (to.outer / cache.dim(0))) : 0;
    for (int64_t i = 0; i < from.size; ++i) {
      int64_t at = scatter.circular ? (first % to.size + i) % to.size : first;
      if (!scatter.circular && at >= 0 && at < to.size) at += i;
      if (at < 0 && scatter.circular) at += to.size;
      if (at < 0 || at >= to.size) {
        fail(Code::kInvalidArgument, "position {} + {} is outside a cache of {}", first, i, to.size);
      }
      copy_elements(update, (o * from.size + i) * from.inner, y, (o * to.size + at) * to.inner, to.inner);
    }
  }
}

const OpDef TensorScatter::def = define_op<TensorScatter, infer, eval>(
    {"tensor_scatter", "the cache with the update written from a position per batch entry on", 2, 3, 1, kMovesData});

}  // namespace ingot
