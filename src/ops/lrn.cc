#include "ops/lrn.h"

#include <algorithm>
#include <cmath>

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Lrn& lrn, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "lrn takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() >= 2, "lrn takes [n, c, ...], got {}", x.text());
  context.require(lrn.size >= 1, "lrn over {} channels", lrn.size);
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const Lrn& lrn, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2 || lrn.size < 1) fail(Code::kInvalidArgument, "lrn of {}", x.type_text());
  const AxisSplit split = split_at(x.shape(), 1);
  const std::vector<double> values = to_doubles(x);
  std::vector<double> y(values.size());
  for (int64_t line = 0; line < split.lines(); ++line) {
    for (int64_t c = 0; c < split.size; ++c) {
      double sum = 0;
      const int64_t first = c - std::min(c, (lrn.size - 1) / 2);
      const int64_t last = c + std::min(split.size - 1 - c, lrn.size / 2);
      for (int64_t k = first; k <= last; ++k) {
        const double value = values[static_cast<size_t>(split.offset(line, k))];
        sum += value * value;
      }
      const auto i = static_cast<size_t>(split.offset(line, c));
      y[i] = values[i] / std::pow(lrn.bias + lrn.alpha / static_cast<double>(lrn.size) * sum, lrn.beta);
    }
  }
  write_doubles(context.output(0, x.dtype(), x.shape()), y);
}

const OpDef Lrn::def = define_op<Lrn, infer, eval>(
    {"lrn", "x / (bias + alpha/size * sum of squares of the neighbouring channels)^beta", 1, 1, 1, kNoTraits, {8, 2}});

}  // namespace ingot
