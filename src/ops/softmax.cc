#include "ops/softmax.h"

#include <algorithm>
#include <cmath>

#include "ops/axis_split.h"
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
  const AxisSplit split = split_at(x.shape(), softmax.axis);
  std::vector<double> values = to_doubles(x);
  for (int64_t line = 0; line < split.lines() && split.size > 0; ++line) {
    const auto at = [&](int64_t k) -> double& { return values[static_cast<size_t>(split.offset(line, k))]; };
    double largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < split.size; ++k) largest = std::isnan(at(k)) || at(k) > largest ? at(k) : largest;
    for (int64_t k = 0; k < split.size; ++k) sum += std::exp(at(k) - largest);
    const double log_sum = std::log(sum);
    for (int64_t k = 0; k < split.size; ++k) {
      const double shifted = at(k) - largest;
      at(k) = softmax.log ? shifted - log_sum : std::exp(shifted) / sum;
    }
  }
  write_doubles(context.output(0, x.dtype(), x.shape()), values);
}

const OpDef Softmax::def = define_op<Softmax, infer, eval>(
    {"softmax", "exp(x - max) / sum(exp(x - max)) along axis; its logarithm when log", 1, 1, 1, kNoTraits, {8, 0}});

}  // namespace ingot
