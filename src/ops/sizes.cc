#include "ops/sizes.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Sizes& sizes, InferContext& context) {
  context.require(tracks_elements(sizes.dtype), "sizes are not of {}", dtype_name(sizes.dtype));
  context.require(!sizes.scalar || sizes.elements.size() == 1, "a scalar of {} sizes", sizes.elements.size());
  DimShape shape;
  if (!sizes.scalar) shape.push_back(static_cast<int64_t>(sizes.elements.size()));
  context.set_output(0, elements_fact(sizes.dtype, std::move(shape), sizes.elements));
}

static void eval(const Sizes& sizes, EvalContext& context) {
  const auto values = context.sizes(sizes.elements);
  Shape shape;
  if (!sizes.scalar) shape.push_back(static_cast<int64_t>(values.size()));
  Tensor& y = context.output(0, sizes.dtype, shape);
  for (size_t i = 0; i < values.size(); ++i) write_int(y, static_cast<int64_t>(i), values[i]);
}

const OpDef Sizes::def =
    define_op<Sizes, infer, eval>({"sizes", "the values of size expressions", 0, 0, 1, kShapeOnly});

}  // namespace ingot
