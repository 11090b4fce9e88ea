#include "ops/nll_loss.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const NllLoss& loss, InferContext& context) {
  const Fact &x = context.input(0), &target = context.input(1);
  context.require(is_float(x.dtype()), "nll_loss takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(is_int(target.dtype()), "the targets of nll_loss are integers, got {}", target.text());
  context.require(!x.has_rank() || x.rank() >= 2, "nll_loss takes [n, c, ...], got {}", x.text());
  context.require(!x.has_rank() || !target.has_rank() || x.rank() == target.rank() + 1, "nll_loss of {} and targets {}",
                  x.text(), target.text());
  std::optional<DimShape> shape = target.shape;
  for (size_t i = 0; x.has_rank() && shape && i < shape->size(); ++i) {
    (*shape)[i] = unify((*shape)[i], (*x.shape)[i == 0 ? 0 : i + 1], "sizes of nll_loss and its targets");
  }
  if (context.has(2) && context.shape(2)) {
    context.require(context.input(2).rank() == 1, "the weights of nll_loss are {}", context.input(2).text());
    if (x.has_rank()) unify((*x.shape)[1], (*context.shape(2))[0], "classes and weights of nll_loss");
  }
  context.set_output(0, x.dtype(), loss.reduction == LossReduction::kNone ? shape : DimShape{});
}

static void eval(const NllLoss& loss, EvalContext& context) {
  const Tensor &x = context.tensor(0), &target = context.tensor(1);
  Shape shape = x.shape();
  if (shape.size() >= 2) shape.erase(shape.begin() + 1);
  if (x.rank() < 2 || target.shape() != shape) {
    fail(Code::kInvalidArgument, "nll_loss of {} and targets {}", x.type_text(), target.type_text());
  }
  const AxisSplit split = split_at(x.shape(), 1);
  std::vector<double> weights(static_cast<size_t>(split.size), 1.0);
  if (context.has(2)) weights = to_doubles(context.tensor(2));
  if (static_cast<int64_t>(weights.size()) != split.size) {
    fail(Code::kInvalidArgument, "{} classes and {} weights", split.size, weights.size());
  }
  std::vector<double> losses(static_cast<size_t>(target.count()), 0.0);
  double sum = 0, divisor = 0;
  for (int64_t i = 0; i < target.count(); ++i) {
    const int64_t label = read_int(target, i);
    if (loss.ignores && label == loss.ignore_index) continue;
    if (label < 0 || label >= split.size) fail(Code::kInvalidArgument, "target {} of {} classes", label, split.size);
    const double weight = weights[static_cast<size_t>(label)];
    losses[static_cast<size_t>(i)] = -read_double(x, split.offset(i, label)) * weight;
    sum += losses[static_cast<size_t>(i)];
    divisor += weight;
  }
  if (loss.reduction == LossReduction::kNone) return write_doubles(context.output(0, x.dtype(), shape), losses);
  write_double(context.output(0, x.dtype(), {}), 0, loss.reduction == LossReduction::kMean ? sum / divisor : sum);
}

const OpDef NllLoss::def = define_op<NllLoss, infer, eval>(
    {"nll_loss", "-x[n, target] * weight[target], kept, summed or averaged", 2, 3, 1, kNoTraits, {2, 1}});

}  // namespace ingot
