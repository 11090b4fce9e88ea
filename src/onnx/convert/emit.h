// Short forms for the operators that many converters emit.
#pragma once
#include "onnx/convert/convert.h"
#include "ops/binary.h"
#include "ops/reduce.h"
#include "ops/unary.h"

namespace ingot::onnx {

ir::ValueId emit_unary(Conversion& c, UnaryFn fn, ir::ValueId x);
ir::ValueId emit_binary(Conversion& c, BinaryFn fn, ir::ValueId a, ir::ValueId b);
ir::ValueId emit_binary(Conversion& c, BinaryFn fn, ir::ValueId a, double number) = delete;  // emit_scalar
// fn(a, number), the number in the element type of `a`.
ir::ValueId emit_scalar(Conversion& c, BinaryFn fn, ir::ValueId a, double number);
ir::ValueId emit_reduce(Conversion& c, ReduceFn fn, ir::ValueId x, std::vector<int64_t> axes, bool keepdims = true);
// Nothing is added where the type, shape or order is the wanted one already.
ir::ValueId emit_cast(Conversion& c, ir::ValueId x, DType to);
ir::ValueId emit_reshape(Conversion& c, ir::ValueId x, DimShape shape);
ir::ValueId emit_transpose(Conversion& c, ir::ValueId x, std::vector<int64_t> permutation);
// A vector of `rank` axes with its elements along `axis`.
ir::ValueId emit_along_axis(Conversion& c, ir::ValueId vector, int64_t axis, int64_t rank);

// The attribute as an enumerator of E by its text in EnumNames<E>; throws kInvalidModel when it is none.
template <class E> E get_enum(const Conversion& c, const char* name, const char* fallback) {
  const std::string text = c.get_string(name, fallback);
  for (size_t i = 0; i < std::size(EnumNames<E>::kNames); ++i) {
    if (text == EnumNames<E>::kNames[i]) return static_cast<E>(i);
  }
  fail(Code::kInvalidModel, "{}: attribute {} is \"{}\"", c.node().op_type, name, text);
}
// Content of an integer input as far as it is known when converting: numbers, or nothing.
std::optional<std::vector<int64_t>> known_ints(const Conversion& c, size_t index);

// The shape of a value whose rank is known (see Conversion::rank).
const DimShape& shape_of(Conversion& c, ir::ValueId x);
std::vector<int64_t> axis_range(int64_t first, int64_t last);  // [first, last)

}  // namespace ingot::onnx
