#include "ops/softmax.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Softmax& softmax, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "softmax takes floating-point elements, got {}", dtype_name(x.dtype()));
  if (x.has_rank() && x.rank() > 0) context.axis(softmax.axis, 0);
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const Softmax& softmax, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  Tensor& y = context.output(0, x.dtype(), x.shape());
  const int64_t rank = x.rank();
  const int64_t axis = rank == 0 ? 0 : normalize_axis(softmax.axis, rank);
  const int64_t size = rank == 0 ? 1 : x.dim(axis);
  int64_t inner = 1;
  for (int64_t i = axis + 1; i < rank; ++i) inner *= x.dim(i);
  if (x.count() == 0) return;
  const int64_t outer = x.count() / (size * inner);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const auto index = [&](int64_t k) { return (o * size + k) * inner + i; };
      double largest = -INFINITY, sum = 0;
      for (int64_t k = 0; k < size; ++k) {
        const double value = read_double(x, index(k));
        largest = std::isnan(value) || value > largest ? value : largest;
      }
      for (int64_t k = 0; k < size; ++k) sum += std::exp(read_double(x, index(k)) - largest);
      for (int64_t k = 0; k < size; ++k) {
        const double shifted = read_double(x, index(k)) - largest;
        write_double(y, index(k), softmax.log ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
  }
}

const OpDef Softmax::def = define_op<Softmax, infer, eval>(
    {"softmax", "exp(x - max) / sum(exp(x - max)) along axis; its logarithm when log", 1, 1, 1, kNoTraits, {8, 0}});

}  // namespace ingot
