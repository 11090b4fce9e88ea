#include "ops/hardmax.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/sort_key.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Hardmax& hardmax, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "hardmax takes floating-point elements, got {}", dtype_name(x.dtype()));
  if (x.has_rank() && x.rank() > 0) context.axis(hardmax.axis, 0);
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const Hardmax& hardmax, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const AxisSplit split = split_at(x.shape(), hardmax.axis);
  const std::vector<int64_t> keys = sort_keys(x);
  std::vector<double> y(keys.size(), 0.0);
  for (int64_t line = 0; line < split.lines() && split.size > 0; ++line) {
    int64_t best = 0;
    for (int64_t k = 1; k < split.size; ++k) {
      if (keys[static_cast<size_t>(split.offset(line, k))] > keys[static_cast<size_t>(split.offset(line, best))])
        best = k;
    }
    y[static_cast<size_t>(split.offset(line, best))] = 1;
  }
  write_doubles(context.output(0, x.dtype(), x.shape()), y);
}

const OpDef Hardmax::def =
    define_op<Hardmax, infer, eval>({"hardmax", "1 at the first largest element along axis, else 0", 1, 1, 1});

}  // namespace ingot
