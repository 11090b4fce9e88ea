#include "ops/arg_reduce.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/sort_key.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const ArgReduce& arg, InferContext& context) {
  const Fact& x = context.input(0);
  if (!x.has_rank()) return context.set_output(0, DType::kI64, std::nullopt);
  DimShape shape = *x.shape;
  const auto axis = context.axis(arg.axis, 0);
  context.require(!shape[static_cast<size_t>(axis)].is(0), "arg_{} along an axis without elements: {}",
                  enum_name(arg.fn), x.text());
  if (arg.keepdims) {
    shape[static_cast<size_t>(axis)] = 1;
  } else {
    shape.erase(shape.begin() + axis);
  }
  context.set_output(0, DType::kI64, std::move(shape));
}

static void eval(const ArgReduce& arg, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t axis = normalize_axis(arg.axis, x.rank());
  const AxisSplit split = split_at(x.shape(), axis);
  Shape shape = x.shape();
  if (split.size == 0) fail(Code::kInvalidArgument, "arg_{} along an axis without elements", enum_name(arg.fn));
  if (arg.keepdims) {
    shape[static_cast<size_t>(axis)] = 1;
  } else {
    shape.erase(shape.begin() + axis);
  }
  std::vector<int64_t> keys = sort_keys(x);
  if (arg.fn == ArgFn::kMin) {
    for (int64_t& key : keys) key = is_float(x.dtype()) && key == INT64_MAX ? INT64_MAX : ~key;  // NaN stays on top
  }
  int64_t* y = context.output(0, DType::kI64, shape).mutable_data<int64_t>();
  for (int64_t line = 0; line < split.lines(); ++line) {
    int64_t best = 0, best_key = keys[static_cast<size_t>(split.offset(line, 0))];
    for (int64_t k = 1; k < split.size; ++k) {
      const int64_t key = keys[static_cast<size_t>(split.offset(line, k))];
      if (key < best_key || (key == best_key && !arg.select_last)) continue;
      best = k, best_key = key;
    }
    y[line] = best;
  }
}

const OpDef ArgReduce::def =
    define_op<ArgReduce, infer, eval>({"arg_reduce", "index of the largest (smallest) element along axis", 1, 1, 1});

}  // namespace ingot
