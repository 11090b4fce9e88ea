#include "ops/inverse.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Inverse&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "the inverse of {}", dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() >= 2, "the inverse of {}", x.text());
  if (x.has_rank()) unify(x.shape->back(), (*x.shape)[x.shape->size() - 2], "rows and columns of a matrix to invert");
  context.set_output(0, x.dtype(), x.shape);
}

// Gauss-Jordan with row pivots: `a` becomes the identity, `b` (the identity at first) the inverse.
static void invert(std::vector<double>& a, std::vector<double>& b, size_t n) {
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    const double divisor = a[pivot * n + column];
    for (size_t k = 0; k < n; ++k) {
      std::swap(a[pivot * n + k], a[column * n + k]);
      std::swap(b[pivot * n + k], b[column * n + k]);
      a[column * n + k] /= divisor;
      b[column * n + k] /= divisor;
    }
    for (size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = a[row * n + column];
      for (size_t k = 0; k < n; ++k) {
        a[row * n + k] -= factor * a[column * n + k];
        b[row * n + k] -= factor * b[column * n + k];
      }
    }
  }
}

static void eval(const Inverse&, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2 || x.dim(-1) != x.dim(-2)) fail(Code::kInvalidArgument, "the inverse of {}", x.type_text());
  const auto n = static_cast<size_t>(x.dim(-1));
  std::vector<double> values = to_doubles(x);
  for (size_t first = 0; first < values.size(); first += n * n) {
    const auto begin = values.begin() + static_cast<int64_t>(first);
    std::vector<double> a(begin, begin + static_cast<int64_t>(n * n)), b(n * n, 0.0);
    for (size_t i = 0; i < n; ++i) b[i * n + i] = 1;
    invert(a, b, n);
    std::copy(b.begin(), b.end(), begin);
  }
  write_doubles(context.output(0, x.dtype(), x.shape()), values);
}

const OpDef Inverse::def = define_op<Inverse, infer, eval>({"inverse", "the inverse of each matrix", 1, 1, 1});

}  // namespace ingot
