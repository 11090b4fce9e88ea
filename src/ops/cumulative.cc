#include "ops/cumulative.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

template <class Number>
void accumulate(const Cumulative& cumulative, const AxisSplit& split, std::vector<Number>& values) {
  const bool sum = cumulative.fn == CumulativeFn::kSum;
  for (int64_t line = 0; line < split.lines(); ++line) {
    Number running = sum ? 0 : 1;
    for (int64_t step = 0; step < split.size; ++step) {
      Number& value =
          values[static_cast<size_t>(split.offset(line, cumulative.reverse ? split.size - 1 - step : step))];
      const Number next = sum ? running + value : running * value;
      value = cumulative.exclusive ? running : next;
      running = next;
    }
  }
}

}  // namespace

static void infer(const Cumulative& cumulative, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()) || is_int(x.dtype()), "cumulative {} of {} elements", enum_name(cumulative.fn),
                  dtype_name(x.dtype()));
  if (context.has(1)) {
    const Fact& axis = context.input(1);
    context.require(is_int(axis.dtype()) && (!axis.has_rank() || axis.rank() <= 1), "{} is no axis", axis.text());
    const Tensor* value = context.value(1);
    context.require(value == nullptr || value->count() == 1, "an axis is one number");
    if (value != nullptr && x.has_rank()) context.axis(read_int(*value, 0), 0);
  } else if (x.has_rank()) {
    context.axis(cumulative.axis, 0);
  }
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const Cumulative& cumulative, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  int64_t axis = cumulative.axis;
  if (context.has(1)) {
    if (context.tensor(1).count() != 1) fail(Code::kInvalidArgument, "an axis is one number");
    axis = read_int(context.tensor(1), 0);
  }
  const AxisSplit split = split_at(x.shape(), axis);
  Tensor& y = context.output(0, x.dtype(), x.shape());
  if (is_float(x.dtype())) {
    std::vector<double> values = to_doubles(x);
    accumulate(cumulative, split, values);
    write_doubles(y, values);
    return;
  }
  const std::vector<int64_t> ints = to_ints(x);
  std::vector<uint64_t> values(ints.begin(), ints.end());
  accumulate(cumulative, split, values);
  write_ints(y, std::vector<int64_t>(values.begin(), values.end()));
}

const OpDef Cumulative::def =
    define_op<Cumulative, infer, eval>({"cumulative", "running sum or product along axis", 1, 2, 1, kNoTraits, {2, 1}});

}  // namespace ingot
