#include "onnx/convert/emit.h"

#include <numeric>

#include "ops/cast.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "tensor/elements.h"

namespace ingot::onnx {

ir::ValueId emit_unary(Conversion& c, UnaryFn fn, ir::ValueId x) { return c.add(Unary{fn}, {x}); }

ir::ValueId emit_binary(Conversion& c, BinaryFn fn, ir::ValueId a, ir::ValueId b) { return c.add(Binary{fn}, {a, b}); }

ir::ValueId emit_scalar(Conversion& c, BinaryFn fn, ir::ValueId a, double number) {
  return emit_binary(c, fn, a, c.scalar(number, c.fact(a).dtype()));
}

ir::ValueId emit_reduce(Conversion& c, ReduceFn fn, ir::ValueId x, std::vector<int64_t> axes, bool keepdims) {
  return c.add(Reduce{fn, std::move(axes), keepdims, true}, {x});
}

ir::ValueId emit_cast(Conversion& c, ir::ValueId x, DType to) {
  return c.fact(x).dtype() == to ? x : c.add(Cast{to}, {x});
}

ir::ValueId emit_reshape(Conversion& c, ir::ValueId x, DimShape shape) {
  const Fact& fact = c.fact(x);
  if (fact.shape && *fact.shape == shape) return x;
  return c.add(Reshape{std::move(shape)}, {x});
}

ir::ValueId emit_transpose(Conversion& c, ir::ValueId x, std::vector<int64_t> permutation) {
  if (permutation == axis_range(0, static_cast<int64_t>(permutation.size()))) return x;
  return c.add(Transpose{std::move(permutation)}, {x});
}

ir::ValueId emit_along_axis(Conversion& c, ir::ValueId vector, int64_t axis, int64_t rank) {
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  shape[static_cast<size_t>(axis)] = -1;
  const Fact& fact = c.fact(vector);
  if (!fact.has_rank()) return c.add(Reshape{}, {vector, c.ints(shape)});
  if (fact.rank() != 1) fail(Code::kInvalidModel, "{} takes a vector where it got {}", c.node().op_type, fact.text());
  DimShape dims = to_dims(std::vector<int64_t>(static_cast<size_t>(rank), 1));
  dims[static_cast<size_t>(axis)] = (*fact.shape)[0];
  return emit_reshape(c, vector, std::move(dims));
}

std::optional<std::vector<int64_t>> known_ints(const Conversion& c, size_t index) {
  if (!c.has(index)) return std::nullopt;
  const Fact& fact = c.input_fact(index);
  if (fact.value) return to_ints(*fact.value);
  return fact.elements ? constant_shape(*fact.elements) : std::nullopt;
}

const DimShape& shape_of(Conversion& c, ir::ValueId x) {
  const Fact& fact = c.fact(x);
  if (!fact.has_rank()) {
    fail(Code::kUnsupported, "{}: the rank of an operand is not known from the model", c.node().op_type);
  }
  return *fact.shape;
}

std::vector<int64_t> axis_range(int64_t first, int64_t last) {
  std::vector<int64_t> axes(static_cast<size_t>(std::max<int64_t>(last - first, 0)));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

}  // namespace ingot::onnx
