#include "ops/where.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

std::optional<DimShape> chosen_elements(const Fact& condition, const Fact& a, const Fact& b, const DimShape& shape) {
  if (!condition.value || !a.elements || !b.elements || shape.size() > 1 || !constant_shape(shape)) return std::nullopt;
  const auto count = static_cast<size_t>(*product(shape).constant());
  const auto at = [](const DimShape& elements, size_t i) { return elements[elements.size() == 1 ? 0 : i]; };
  if (count > 64) return std::nullopt;
  DimShape elements;
  for (size_t i = 0; i < count; ++i) {
    const bool chosen = condition.value->data<bool>()[condition.value->count() == 1 ? 0 : i];
    elements.push_back(at(chosen ? *a.elements : *b.elements, i));
  }
  return elements;
}

}  // namespace

static void infer(const Where&, InferContext& context) {
  const Fact &condition = context.input(0), &a = context.input(1), &b = context.input(2);
  context.require(condition.dtype() == DType::kBool, "the condition must be bool, got {}", condition.type.text());
  context.require(a.type.is_tensor() && a.type == b.type, "both values must be of one type: {} and {}", a.type.text(),
                  b.type.text());
  auto shape = broadcast_dims(condition.shape, broadcast_dims(a.shape, b.shape));
  if (!shape) {
    context.set_output(0, a.dtype(), std::nullopt);
    return;
  }
  auto elements = chosen_elements(condition, a, b, *shape);
  context.set_output(0, elements_fact(a.dtype(), std::move(*shape), std::move(elements)));
}

static void eval(const Where&, EvalContext& context) {
  const Tensor &condition = context.tensor(0), &a = context.tensor(1), &b = context.tensor(2);
  if (condition.dtype() != DType::kBool || a.dtype() != b.dtype()) {
    fail(Code::kInvalidArgument, "where takes bool and two of one type, got {}, {} and {}", condition.type_text(),
         a.type_text(), b.type_text());
  }
  Tensor& y = context.output(0, a.dtype(), broadcast_shapes(condition.shape(), broadcast_shapes(a.shape(), b.shape())));
  StridedWalk<3> walk(y.shape(), {broadcast_strides(condition.shape(), y.shape()),
                                  broadcast_strides(a.shape(), y.shape()), broadcast_strides(b.shape(), y.shape())});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) {
    const bool chosen = condition.data<bool>()[walk.offset(0)];
    copy_element(chosen ? a : b, walk.offset(chosen ? 1 : 2), y, i);
  }
}

const OpDef Where::def = define_op<Where, infer, eval>(
    {"where", "y = condition ? a : b, element by element with NumPy broadcasting", 3, 3, 1, kElementwise | kMovesData});

}  // namespace ingot
