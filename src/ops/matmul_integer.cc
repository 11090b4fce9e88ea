#include "ops/matmul_integer.h"

#include "ops/eval.h"
#include "ops/fused.h"
#include "ops/infer.h"
#include "ops/matmul.h"
#include "ops/quantize_linear.h"
#include "ops/strided_walk.h"
#include "ops/tile_body.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// NumPy's matmul: a vector on the left is one row, on the right one column; the axis vanishes from the result.
template <class S> S as_matrix(S shape, bool left) {
  if (shape.size() == 1) shape.insert(left ? shape.begin() : shape.end(), 1);
  return shape;
}
template <class S> S drop_vector_axes(S shape, bool left_vector, bool right_vector) {
  if (right_vector) shape.pop_back();
  if (left_vector) shape.erase(shape.end() - (right_vector ? 1 : 2));
  return shape;
}

std::optional<DimShape> product_shape(const InferContext& context, size_t a, size_t b) {
  const auto &a_shape = context.shape(a), &b_shape = context.shape(b);
  if (!a_shape || !b_shape) return std::nullopt;
  const Fact x(DType::kI32, as_matrix(*a_shape, true)), y(DType::kI32, as_matrix(*b_shape, false));
  const Fact* inputs[] = {&x, &y};
  InferContext inner(inputs, [&] { return context.fresh_dim(); });
  const MatMul matmul;
  MatMul::def.infer(&matmul, inner);
  return drop_vector_axes(*inner.outputs().at(0).shape, a_shape->size() == 1, b_shape->size() == 1);
}

// Parameters of the left operand are per row: [m] means [m, 1].
Shape row_parameter_shape(const Tensor& parameter, int64_t rows) {
  if (parameter.rank() == 1 && parameter.count() != 1 && parameter.count() == rows) return {rows, 1};
  return parameter.shape();
}

// The operand, as a matrix, minus its zero point as i64 (integers) or f64 (floats).
Tensor centred(const Tensor& operand, const Tensor* zero_point, bool rows) {
  const Tensor x = operand.reshaped(as_matrix(operand.shape(), rows));
  const bool ints = is_int(x.dtype());
  Tensor result(ints ? DType::kI64 : DType::kF64, x.shape());
  Shape strides(x.shape().size(), 0);
  if (zero_point != nullptr && zero_point->count() != 1) {
    const Shape shape = rows ? row_parameter_shape(*zero_point, x.dim(-2)) : zero_point->shape();
    strides = broadcast_strides(shape, x.shape());
  }
  StridedWalk<1> walk(x.shape(), {strides});
  for (int64_t i = 0; i < x.count(); ++i, walk.next()) {
    const int64_t at = walk.offset();
    if (ints) {
      write_int(result, i, read_int(x, i) - (zero_point != nullptr ? read_int(*zero_point, at) : 0));
    } else {
      write_double(result, i, read_double(x, i) - (zero_point != nullptr ? read_double(*zero_point, at) : 0));
    }
  }
  return result;
}

Tensor product(const EvalContext& context, const Tensor& a, const Tensor& b) {
  const Value x = a, y = b;
  const Value* inputs[] = {&x, &y};
  EvalHost host;
  host.memory_budget = context.host().memory_budget;
  host.check_cancelled = context.host().check_cancelled;
  return evaluate(MatMul{}, inputs, host).at(0).tensor();
}

bool is_8_bit(DType dtype) { return dtype_bits(dtype) == 8 && is_quantized_type(dtype); }

}  // namespace

static void infer(const MatMulInteger& op, InferContext& context) {
  for (size_t i = 0; i < 2; ++i) {
    context.require(is_int(context.dtype(i)) && dtype_bits(context.dtype(i)) <= 8, "matmul_integer of {}",
                    dtype_name(context.dtype(i)));
    context.require(!context.has(2 + i) || context.dtype(2 + i) == context.dtype(i), "a zero point of {} for {}",
                    context.has(2 + i) ? dtype_name(context.dtype(2 + i)) : "", dtype_name(context.dtype(i)));
  }
  infer_epilogue(op.epilogue, context, Fact(DType::kI32, product_shape(context, 0, 1)), 4);
}

static void eval(const MatMulInteger& op, EvalContext& context) {
  const Tensor a = centred(context.tensor(0), context.has(2) ? &context.tensor(2) : nullptr, true);
  const Tensor b = centred(context.tensor(1), context.has(3) ? &context.tensor(3) : nullptr, false);
  const Tensor sums = product(context, a, b);
  const bool left = context.tensor(0).rank() == 1, right = context.tensor(1).rank() == 1;
  const Shape shape = drop_vector_axes(sums.shape(), left, right);
  const std::vector<int64_t> values = to_ints(sums);
  eval_epilogue(op.epilogue, context, DType::kI32, shape, std::span<const int64_t>(values), 4);
}

const OpDef MatMulInteger::def = define_op<MatMulInteger, infer, eval>(
    {"matmul_integer", "(A - a_zero) (B - b_zero) in i32", 2, -1, 1, kNoTraits, {0, 0}});

static void infer(const QLinearMatMul&, InferContext& context) {
  for (const size_t i : {0u, 3u}) {
    context.require(is_8_bit(context.dtype(i)), "qlinear_matmul of {}", dtype_name(context.dtype(i)));
    context.require(context.dtype(i + 2) == context.dtype(i), "a zero point of {} for {}",
                    dtype_name(context.dtype(i + 2)), dtype_name(context.dtype(i)));
  }
  context.require(is_int(context.dtype(0)) == is_int(context.dtype(3)), "qlinear_matmul of {} and {}",
                  dtype_name(context.dtype(0)), dtype_name(context.dtype(3)));
  context.require(is_8_bit(context.dtype(7)), "qlinear_matmul to {}", dtype_name(context.dtype(7)));
  context.set_output(0, context.dtype(7), product_shape(context, 0, 3));
}

static void eval(const QLinearMatMul&, EvalContext& context) {
  const Tensor a = centred(context.tensor(0), &context.tensor(2), true);
  const Tensor b = centred(context.tensor(3), &context.tensor(5), false);
  const Tensor sums = product(context, a, b);
  const Tensor &a_scale = context.tensor(1), &b_scale = context.tensor(4);
  const Tensor &y_scale = context.tensor(6), &y_zero = context.tensor(7);
  if (y_scale.count() != y_zero.count()) {
    fail(Code::kInvalidArgument, "{} scales and {} zero points of the result", y_scale.count(), y_zero.count());
  }
  const Shape& shape = sums.shape();
  const auto strides = [&](const Tensor& parameter, bool rows) {
    if (parameter.count() == 1) return Shape(shape.size(), 0);
    return broadcast_strides(rows ? row_parameter_shape(parameter, shape[shape.size() - 2]) : parameter.shape(), shape);
  };
  const bool left = context.tensor(0).rank() == 1, right = context.tensor(3).rank() == 1;
  Tensor& y = context.output(0, y_zero.dtype(), drop_vector_axes(shape, left, right));
  StridedWalk<3> walk(shape, {strides(a_scale, true), strides(b_scale, false), strides(y_scale, true)});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) {
    const auto scale = [&](const Tensor& parameter, size_t array) {
      return static_cast<float>(read_double(parameter, walk.offset(array)));
    };
    const float factor = scale(a_scale, 0) * scale(b_scale, 1) / scale(y_scale, 2);
    write_quantized(y, i, static_cast<float>(read_double(sums, i)) * factor, read_double(y_zero, walk.offset(2)));
  }
}

const OpDef QLinearMatMul::def = define_op<QLinearMatMul, infer, eval>(
    {"qlinear_matmul", "quantize((A - a_zero) (B - b_zero) * (a_scale * b_scale / y_scale))", 8, 8, 1});

}  // namespace ingot
