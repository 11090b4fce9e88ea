#include "ops/squeeze.h"

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

// Which of `rank` axes `axes` names; throws when one is outside or named twice.
std::vector<bool> marked_axes(const std::vector<int64_t>& axes, int64_t rank) {
  std::vector<bool> marked(static_cast<size_t>(rank), false);
  for (const int64_t axis : axes) {
    const auto at = static_cast<size_t>(normalize_axis(axis, rank));
    if (marked[at]) fail(Code::kInvalidArgument, "axis {} is named twice", axis);
    marked[at] = true;
  }
  return marked;
}

bool is_one(int64_t size) { return size == 1; }
bool is_one(const Dim& size) { return size.is(1); }
bool surely_not_one(int64_t size) { return size != 1; }
bool surely_not_one(const Dim& size) { return size.is_constant() && !size.is(1); }

template <class Sizes> Sizes squeezed(const Sizes& shape, const std::vector<int64_t>& axes) {
  const auto marked = marked_axes(axes, static_cast<int64_t>(shape.size()));
  Sizes left;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!marked[i] && !(axes.empty() && is_one(shape[i]))) left.push_back(shape[i]);
    if (marked[i] && surely_not_one(shape[i])) fail(Code::kInvalidArgument, "axis {} to drop is not of size 1", i);
  }
  return left;
}

template <class Sizes> Sizes unsqueezed(const Sizes& shape, const std::vector<int64_t>& axes) {
  const auto marked = marked_axes(axes, static_cast<int64_t>(shape.size() + axes.size()));
  Sizes grown;
  size_t next = 0;
  for (const bool added : marked) grown.push_back(added ? typename Sizes::value_type(1) : shape[next++]);
  return grown;
}

// The node's axes as far as known: the field's without a second input.
std::optional<std::vector<int64_t>> known_axes(const std::vector<int64_t>& field, const InferContext& context) {
  if (!context.has(1)) return field;
  require_index_type(context.dtype(1));
  const auto elements = context.elements(1);
  return elements ? constant_shape(*elements) : std::nullopt;
}

Fact same_content(const Fact& x, DimShape shape) {
  if (x.value && constant_shape(shape)) return Fact::of(x.value->reshaped(*constant_shape(shape)));
  return elements_fact(x.dtype(), std::move(shape), x.elements);
}

std::vector<int64_t> run_time_axes(const std::vector<int64_t>& field, const EvalContext& context) {
  if (!context.has(1)) return field;
  require_index_type(context.tensor(1).dtype());
  return to_ints(context.tensor(1));
}

}  // namespace

static void infer_squeeze(const Squeeze& squeeze, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "squeeze takes a tensor, got {}", x.type.text());
  const auto axes = known_axes(squeeze.axes, context);
  if (!axes || !x.has_rank() || (axes->empty() && !constant_shape(*x.shape))) {
    // Without axes a size that turns out to be 1 goes as well.
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  context.set_output(0, same_content(x, squeezed(*x.shape, *axes)));
}

static void eval_squeeze(const Squeeze& squeeze, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  context.share_output(0, x, squeezed(x.shape(), run_time_axes(squeeze.axes, context)));
}

static void infer_unsqueeze(const Unsqueeze& unsqueeze, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "unsqueeze takes a tensor, got {}", x.type.text());
  const auto axes = known_axes(unsqueeze.axes, context);
  if (axes && x.has_rank()) {
    context.set_output(0, same_content(x, unsqueezed(*x.shape, *axes)));
    return;
  }
  std::optional<DimShape> shape;
  if (x.has_rank() && context.shape(1) && context.shape(1)->size() == 1) {
    const auto count = context.shape(1)->front().constant();
    if (count && *count <= 1024) shape = context.fresh_shape(x.shape->size() + static_cast<size_t>(*count));
  }
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval_unsqueeze(const Unsqueeze& unsqueeze, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  context.share_output(0, x, unsqueezed(x.shape(), run_time_axes(unsqueeze.axes, context)));
}

const OpDef Squeeze::def = define_op<Squeeze, infer_squeeze, eval_squeeze>(
    {"squeeze", "drops axes of size 1: the given ones, or all of them", 1, 2, 1, kMovesData});
const OpDef Unsqueeze::def = define_op<Unsqueeze, infer_unsqueeze, eval_unsqueeze>(
    {"unsqueeze", "adds axes of size 1 that stand at `axes` of the result", 1, 2, 1, kMovesData});

}  // namespace ingot
