#include "ops/gather.h"

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

std::optional<DimShape> gathered_elements(const Fact& x, const std::optional<DimShape>& indices) {
  if (!x.elements || !indices || x.rank() != 1) return std::nullopt;
  const auto size = static_cast<int64_t>(x.elements->size());
  DimShape elements;
  for (const Dim& each : *indices) {
    if (!each.is_constant()) return std::nullopt;
    const int64_t index = *each.constant();
    if (index < -size || index >= size) return std::nullopt;  // evaluation reports it
    elements.push_back((*x.elements)[static_cast<size_t>(index < 0 ? index + size : index)]);
  }
  return elements;
}

}  // namespace

static void infer(const Gather& gather, InferContext& context) {
  const Fact &x = context.input(0), &indices = context.input(1);
  context.require(x.type.is_tensor(), "gather takes a tensor, got {}", x.type.text());
  require_index_type(indices.dtype());
  if (!x.has_rank() || !indices.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  const auto axis = static_cast<ptrdiff_t>(context.axis(gather.axis, 0));
  DimShape shape(x.shape->begin(), x.shape->begin() + axis);
  shape.insert(shape.end(), indices.shape->begin(), indices.shape->end());
  shape.insert(shape.end(), x.shape->begin() + axis + 1, x.shape->end());
  context.set_output(0, elements_fact(x.dtype(), std::move(shape), gathered_elements(x, indices.elements)));
}

static void eval(const Gather& gather, EvalContext& context) {
  const Tensor &x = context.tensor(0), &indices = context.tensor(1);
  require_index_type(indices.dtype());
  const auto axis = static_cast<size_t>(normalize_axis(gather.axis, x.rank()));
  const int64_t size = x.shape()[axis];
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<ptrdiff_t>(axis));
  const int64_t outer = element_count(shape);
  const int64_t inner = element_count(std::span(x.shape()).subspan(axis + 1));
  shape.insert(shape.end(), indices.shape().begin(), indices.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<ptrdiff_t>(axis) + 1, x.shape().end());
  Tensor& y = context.output(0, x.dtype(), shape);
  int64_t at = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < indices.count(); ++i, at += inner) {
      copy_elements(x, (o * size + read_index(indices, i, size)) * inner, y, at, inner);
    }
  }
}

const OpDef Gather::def = define_op<Gather, infer, eval>(
    {"gather", "y[..., i..., ...] = x[..., indices[i...], ...] along axis; negative indices count from the back", 2, 2,
     1, kMovesData});

}  // namespace ingot
