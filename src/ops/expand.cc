#include "ops/expand.h"

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"

namespace ingot {
namespace {

Fact expanded_fact(const Fact& x, DimShape shape) {
  constexpr int64_t kMaxRepeated = 64;
  const auto sizes = constant_shape(shape);
  const bool single = sizes && sizes->size() <= 1 && element_count(*sizes) <= kMaxRepeated;
  if (single && x.value && x.value->count() == 1) {
    Tensor value(x.dtype(), *sizes);
    for (int64_t i = 0; i < value.count(); ++i) copy_element(*x.value, 0, value, i);
    return Fact::of(std::move(value));
  }
  if (single && x.elements && x.elements->size() == 1) {
    DimShape elements(static_cast<size_t>(element_count(*sizes)), x.elements->front());
    return elements_fact(x.dtype(), std::move(shape), std::move(elements));
  }
  return Fact(x.dtype(), std::move(shape));
}

}  // namespace

static void infer(const Expand& expand, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "expand takes a tensor, got {}", x.type.text());
  std::optional<DimShape> target = expand.shape;
  if (context.has(1)) {
    require_index_type(context.dtype(1));
    const auto& rank = context.shape(1);
    context.require(!rank || rank->size() == 1, "the shape must be of rank 1, got {}", context.input(1).text());
    target = context.elements(1);
    const auto count = rank ? (*rank)[0].constant() : std::nullopt;
    if (!target && count && x.has_rank()) {
      context.require(*count <= 1024, "a shape of {} axes", *count);
      DimShape unknown = context.fresh_shape(std::max(static_cast<size_t>(*count), x.shape->size()));
      // Sizes other than 1 stay what they are.
      for (size_t i = 0; i < x.shape->size(); ++i) {
        const Dim& own = (*x.shape)[x.shape->size() - 1 - i];
        if (own.is_constant() && !own.is(1)) unknown[unknown.size() - 1 - i] = own;
      }
      context.set_output(0, x.dtype(), std::move(unknown));
      return;
    }
  }
  auto shape = target ? broadcast_dims(x.shape, target) : std::nullopt;
  if (!shape) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  context.set_output(0, expanded_fact(x, std::move(*shape)));
}

static void eval(const Expand& expand, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (context.has(1)) require_index_type(context.tensor(1).dtype());
  const Shape target = context.has(1) ? to_ints(context.tensor(1)) : context.sizes(expand.shape);
  element_count(target);  // rejects negative sizes
  Tensor& y = context.output(0, x.dtype(), broadcast_shapes(x.shape(), target));
  StridedWalk<1> walk(y.shape(), {broadcast_strides(x.shape(), y.shape())});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) copy_element(x, walk.offset(0), y, i);
}

const OpDef Expand::def = define_op<Expand, infer, eval>(
    {"expand", "NumPy broadcasting of x to a shape; sizes of 1 on either side give way", 1, 2, 1, kMovesData});

}  // namespace ingot
