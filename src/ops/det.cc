#include "ops/det.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Gaussian elimination with partial pivoting; overwrites `a`.
double determinant(double* a, int64_t n) {
  double result = 1;
  for (int64_t column = 0; column < n; ++column) {
    int64_t pivot = column;
    for (int64_t row = column + 1; row < n; ++row) {
      if (std::fabs(a[row * n + column]) > std::fabs(a[pivot * n + column])) pivot = row;
    }
    if (a[pivot * n + column] == 0) return 0;
    if (pivot != column) {
      for (int64_t k = 0; k < n; ++k) std::swap(a[pivot * n + k], a[column * n + k]);
      result = -result;
    }
    result *= a[column * n + column];
    for (int64_t row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / a[column * n + column];
      for (int64_t k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
    }
  }
  return result;
}

}  // namespace

static void infer(const Det&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "det takes floating-point elements, got {}", dtype_name(x.dtype()));
  if (!x.has_rank()) return context.set_output(0, x.dtype(), std::nullopt);
  context.require(x.rank() >= 2, "det takes matrices, got {}", x.text());
  unify(*(x.shape->end() - 2), x.shape->back(), "rows and columns of a determinant");
  context.set_output(0, x.dtype(), DimShape(x.shape->begin(), x.shape->end() - 2));
}

static void eval(const Det&, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2 || x.dim(-1) != x.dim(-2)) fail(Code::kInvalidArgument, "det of {}", x.type_text());
  const int64_t n = x.dim(-1);
  std::vector<double> matrices = to_doubles(x);
  const Shape shape(x.shape().begin(), x.shape().end() - 2);
  std::vector<double> y(static_cast<size_t>(element_count(shape)));
  for (size_t i = 0; i < y.size(); ++i) y[i] = determinant(matrices.data() + static_cast<int64_t>(i) * n * n, n);
  write_doubles(context.output(0, x.dtype(), shape), y);
}

const OpDef Det::def =
    define_op<Det, infer, eval>({"det", "determinant of the last two axes", 1, 1, 1, kNoTraits, {64, 8}});

}  // namespace ingot
