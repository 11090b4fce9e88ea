#include "ops/tile.h"

#include "base/checked.h"
#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const Tile& tile, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "tile takes a tensor, got {}", x.type.text());
  if (context.has(1)) require_index_type(context.dtype(1));
  if (!x.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  const auto repeats = context.has(1) ? context.elements(1) : tile.repeats;
  if (!repeats) {
    context.set_output(0, x.dtype(), context.fresh_shape(x.shape->size()));
    return;
  }
  context.require(repeats->size() == x.shape->size(), "{} repeats for {}", repeats->size(), x.text());
  DimShape shape;
  for (size_t i = 0; i < repeats->size(); ++i) shape.push_back((*x.shape)[i] * (*repeats)[i]);
  std::optional<DimShape> elements;
  if (x.elements && constant_shape(shape) && shape.size() == 1 && *shape[0].constant() <= 64) {
    elements.emplace();
    for (int64_t i = 0; i < *shape[0].constant(); ++i) {
      elements->push_back((*x.elements)[static_cast<size_t>(i) % x.elements->size()]);
    }
  }
  context.set_output(0, elements_fact(x.dtype(), std::move(shape), std::move(elements)));
}

static void eval(const Tile& tile, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (context.has(1)) require_index_type(context.tensor(1).dtype());
  const auto repeats = context.has(1) ? to_ints(context.tensor(1)) : context.sizes(tile.repeats);
  if (repeats.size() != x.shape().size()) {
    fail(Code::kInvalidArgument, "{} repeats for {}", repeats.size(), x.type_text());
  }
  Shape shape;
  for (size_t i = 0; i < repeats.size(); ++i) shape.push_back(checked_mul(x.shape()[i], repeats[i]));
  Tensor& y = context.output(0, x.dtype(), shape);
  const Shape strides = row_major_strides(x.shape());
  Shape index(shape.size(), 0);
  const int64_t row = shape.empty() ? 1 : x.shape().back();
  for (int64_t i = 0; i < y.count(); i += row) {
    int64_t source = 0;
    for (size_t axis = 0; axis + 1 < index.size(); ++axis) source += index[axis] % x.shape()[axis] * strides[axis];
    copy_elements(x, source, y, i, row);
    if (shape.empty()) break;
    index.back() += row;
    for (size_t axis = index.size(); axis-- > 0 && index[axis] == shape[axis];) {
      index[axis] = 0;
      if (axis > 0) ++index[axis - 1];
    }
  }
}

const OpDef Tile::def = define_op<Tile, infer, eval>({"tile", "x repeated along its axes", 1, 2, 1, kMovesData});

}  // namespace ingot
