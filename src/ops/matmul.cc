#include "ops/matmul.h"

#include "ops/strided_walk.h"
#include "ops/tile_body.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// The matrices of one operand, each row-major [rows, columns] after undoing the transposition.
template <class Number> std::vector<Number> load_matrices(const Tensor& tensor, bool transposed) {
  std::vector<Number> values;
  if constexpr (std::is_same_v<Number, double>) {
    values = to_doubles(tensor);
  } else {
    values = to_ints(tensor);
  }
  if (!transposed || values.empty()) return values;
  const int64_t rows = tensor.dim(-1), columns = tensor.dim(-2), size = rows * columns;
  std::vector<Number> result(values.size());
  for (int64_t base = 0; base < tensor.count(); base += size) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        result[static_cast<size_t>(base + r * columns + c)] = values[static_cast<size_t>(base + c * rows + r)];
      }
    }
  }
  return result;
}

Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

struct Sizes {
  int64_t m, k, n;
  Shape batch, a_strides, b_strides;  // strides in matrices
  Shape result;
};

Sizes sizes_of(const MatMul& matmul, const Tensor& a, const Tensor& b) {
  if (a.rank() < 2 || b.rank() < 2) fail(Code::kInvalidArgument, "matmul takes operands of rank 2 or more");
  Sizes sizes;
  sizes.m = a.dim(matmul.trans_a ? -1 : -2);
  sizes.k = a.dim(matmul.trans_a ? -2 : -1);
  sizes.n = b.dim(matmul.trans_b ? -2 : -1);
  const int64_t b_k = b.dim(matmul.trans_b ? -1 : -2);
  if (sizes.k != b_k) {
    fail(Code::kInvalidArgument, "matmul of {} and {}: inner sizes {} and {} differ", a.type_text(), b.type_text(),
         sizes.k, b_k);
  }
  const Shape a_batch = leading(a.shape()), b_batch = leading(b.shape());
  sizes.batch = broadcast_shapes(a_batch, b_batch);
  sizes.a_strides = broadcast_strides(a_batch, sizes.batch);
  sizes.b_strides = broadcast_strides(b_batch, sizes.batch);
  sizes.result = sizes.batch;
  sizes.result.insert(sizes.result.end(), {sizes.m, sizes.n});
  return sizes;
}

template <class Number> Number multiply(Number a, Number b) {
  if constexpr (std::is_same_v<Number, double>) {
    return a * b;
  } else {
    return static_cast<Number>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  }
}
template <class Number> Number sum(Number a, Number b) {
  if constexpr (std::is_same_v<Number, double>) {
    return a + b;
  } else {
    return static_cast<Number>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
}

template <class Number> void multiply_matrices(const Sizes& sizes, const Number* a, const Number* b, Number* y) {
  for (int64_t i = 0; i < sizes.m; ++i) {
    for (int64_t k = 0; k < sizes.k; ++k) {
      const Number factor = a[i * sizes.k + k];
      const Number* row = b + k * sizes.n;
      for (int64_t j = 0; j < sizes.n; ++j) y[i * sizes.n + j] = sum(y[i * sizes.n + j], multiply(factor, row[j]));
    }
  }
}

template <class Number> void add_bias(const Tensor& bias, const Shape& shape, std::vector<Number>& y) {
  std::vector<Number> values = load_matrices<Number>(bias, false);
  StridedWalk<1> walk(shape, {broadcast_strides(bias.shape(), shape)});
  for (Number& each : y) {
    each = sum(each, values[static_cast<size_t>(walk.offset())]);
    walk.next();
  }
}

template <class Number> void run(const MatMul& matmul, EvalContext& context) {
  const Tensor &a = context.tensor(0), &b = context.tensor(1);
  const Sizes sizes = sizes_of(matmul, a, b);
  const auto a_values = load_matrices<Number>(a, matmul.trans_a), b_values = load_matrices<Number>(b, matmul.trans_b);
  std::vector<Number> y(static_cast<size_t>(element_count(sizes.result)), Number{0});
  StridedWalk<2> walk(sizes.batch, {sizes.a_strides, sizes.b_strides});
  const int64_t size = sizes.m * sizes.n;
  for (int64_t base = 0; base < static_cast<int64_t>(y.size()); base += size) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    multiply_matrices(sizes, a_values.data() + walk.offset(0) * sizes.m * sizes.k,
                      b_values.data() + walk.offset(1) * sizes.k * sizes.n, y.data() + base);
    walk.next();
  }
  if (matmul.alpha != 1) {
    for (Number& each : y) each = static_cast<Number>(static_cast<double>(each) * matmul.alpha);
  }
  if (context.has(2)) add_bias(context.tensor(2), sizes.result, y);
  eval_epilogue(matmul.epilogue, context, a.dtype(), sizes.result, std::span<const Number>(y), 3);
}

}  // namespace

static void infer(const MatMul& matmul, InferContext& context) {
  const Fact &a = context.input(0), &b = context.input(1);
  context.require(is_float(a.dtype()) || is_int(a.dtype()), "matmul takes numbers, got {}", dtype_name(a.dtype()));
  context.require(a.dtype() == b.dtype(), "matmul takes operands of one type, got {} and {}", dtype_name(a.dtype()),
                  dtype_name(b.dtype()));
  for (const Fact* fact : {&a, &b}) {
    context.require(!fact->has_rank() || fact->rank() >= 2, "matmul takes operands of rank 2 or more, got {}",
                    fact->text());
  }
  Fact result(a.dtype(), std::nullopt);
  if (a.has_rank() && b.has_rank()) {
    const size_t a_rank = a.shape->size(), b_rank = b.shape->size();
    unify((*a.shape)[a_rank - (matmul.trans_a ? 2 : 1)], (*b.shape)[b_rank - (matmul.trans_b ? 1 : 2)],
          "inner sizes of matmul");
    result.shape =
        broadcast_dims(DimShape(a.shape->begin(), a.shape->end() - 2), DimShape(b.shape->begin(), b.shape->end() - 2));
    result.shape->push_back((*a.shape)[a_rank - (matmul.trans_a ? 1 : 2)]);
    result.shape->push_back((*b.shape)[b_rank - (matmul.trans_b ? 2 : 1)]);
  }
  if (context.has(2)) {
    const Fact& bias = context.input(2);
    context.require(bias.dtype() == a.dtype() || (bias.dtype() == DType::kF32 && a.dtype() == DType::kBF16),
                    "the bias of matmul has type {} instead of {}", dtype_name(bias.dtype()), dtype_name(a.dtype()));
    const auto joined = broadcast_dims(result.shape, bias.shape);
    context.require(!joined || joined->size() == result.shape->size(), "bias {} does not broadcast to {}", bias.text(),
                    result.text());
    for (size_t i = 0; joined && i < joined->size(); ++i) {
      unify((*result.shape)[i], (*joined)[i], "sizes of result and bias of matmul");
    }
  }
  infer_epilogue(matmul.epilogue, context, std::move(result), 3);
}

static void eval(const MatMul& matmul, EvalContext& context) {
  if (is_int(context.tensor(0).dtype())) {
    run<int64_t>(matmul, context);
  } else {
    run<double>(matmul, context);
  }
}

const OpDef MatMul::def =
    define_op<MatMul, infer, eval>({"matmul",
                                    "alpha * op(A) op(B) + bias over the last two axes, batched over the rest",
                                    2,
                                    -1,
                                    1,
                                    kNoTraits,
                                    {2, 4}});

}  // namespace ingot
