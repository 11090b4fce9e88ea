#include "ops/reverse_sequence.h"

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const ReverseSequence& reverse, InferContext& context) {
  const Fact& x = context.input(0);
  require_index_type(context.dtype(1));
  if (x.has_rank()) {
    context.require(context.axis(reverse.batch_axis, 0) != context.axis(reverse.time_axis, 0),
                    "batch and time are one axis");
  }
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const ReverseSequence& reverse, EvalContext& context) {
  const Tensor &x = context.tensor(0), &lengths = context.tensor(1);
  require_index_type(lengths.dtype());
  const auto batch = static_cast<size_t>(normalize_axis(reverse.batch_axis, x.rank()));
  const auto time = static_cast<size_t>(normalize_axis(reverse.time_axis, x.rank()));
  if (batch == time || lengths.shape() != Shape{x.shape()[batch]}) {
    fail(Code::kInvalidArgument, "lengths {} for {} with batch axis {} and time axis {}", lengths.type_text(),
         x.type_text(), batch, time);
  }
  const int64_t steps = x.shape()[time];
  for (int64_t i = 0; i < lengths.count(); ++i) {
    if (read_int(lengths, i) < 0 || read_int(lengths, i) > steps) {
      fail(Code::kInvalidArgument, "a length of {} where there are {} steps", read_int(lengths, i), steps);
    }
  }
  Tensor& y = context.output(0, x.dtype(), x.shape());
  const Shape strides = row_major_strides(x.shape());
  Shape index(x.shape().size(), 0);
  for (int64_t i = 0; i < y.count(); ++i) {
    const int64_t length = read_int(lengths, index[batch]), step = index[time];
    copy_element(x, i + (step < length ? (length - 1 - 2 * step) * strides[time] : 0), y, i);
    for (size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < x.shape()[axis]) break;
      index[axis] = 0;
    }
  }
}

const OpDef ReverseSequence::def = define_op<ReverseSequence, infer, eval>(
    {"reverse_sequence", "the first length[b] steps of every batch entry in reverse order", 2, 2, 1, kMovesData});

}  // namespace ingot
