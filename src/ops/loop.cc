#include "ops/loop.h"

#include <algorithm>

#include "ops/bodies.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr size_t kFirstState = 2;

size_t checked_states(const Loop& loop, size_t inputs) {
  if (loop.states < 0 || kFirstState + static_cast<size_t>(loop.states) > std::max(inputs, kFirstState)) {
    fail(Code::kInvalidArgument, "a loop of {} states has only {} inputs", loop.states, inputs);
  }
  return static_cast<size_t>(loop.states);
}

SliceShapes slice_shapes(const Loop& loop) { return {loop.scan_dtypes, loop.scan_ranks, loop.scan_sizes}; }

// The number of iterations when only the trip count decides it and it is an expression known now.
std::optional<Dim> iterations(const InferContext& context, const Fact& condition_out) {
  const auto is_true = [](const Tensor* value) {
    return value != nullptr && value->count() == 1 && read_int(*value, 0);
  };
  const auto trip_count = context.elements(0);
  const bool endless =
      condition_out.value && is_true(&*condition_out.value) && (!context.has(1) || is_true(context.value(1)));
  if (!endless || !trip_count || trip_count->size() != 1) return std::nullopt;
  return Dim::max(Dim(0), (*trip_count)[0]);
}

}  // namespace

static void infer(const Loop& loop, InferContext& context) {
  const size_t states = checked_states(loop, context.input_count());
  if (context.has(0)) context.require(context.dtype(0) == DType::kI64, "the trip count of a loop is no i64");
  if (context.has(1)) context.require(context.dtype(1) == DType::kBool, "the condition of a loop is no bool");
  const auto outputs = context.body_outputs(static_cast<size_t>(loop.body));
  context.require(outputs.size() >= 1 + states, "the body of a loop of {} states gives {} values", states,
                  outputs.size());
  const size_t scans = outputs.size() - 1 - states;
  check_slice_shapes(slice_shapes(loop), static_cast<int64_t>(scans));
  const auto known = input_symbols(context);
  for (size_t i = 0; i < states; ++i) {
    Fact joined = join_facts(context.input(kFirstState + i), outputs[1 + i], [&] { return context.fresh_dim(); });
    context.set_output(i, leave_body(context, std::move(joined), known));
  }
  if (scans == 0) return;
  const Dim count = iterations(context, outputs[0]).value_or(context.fresh_dim());
  for (size_t i = 0; i < scans; ++i) {
    Fact fact = leave_body(context, outputs[1 + states + i], known);
    context.require(fact.type.is_tensor(), "a loop stacks tensors, not {}", fact.text());
    if (fact.shape) fact.shape->insert(fact.shape->begin(), count);
    context.set_output(states + i, std::move(fact));
  }
}

static bool truth(const Tensor& tensor) {
  if (tensor.count() != 1) fail(Code::kInvalidArgument, "the condition of a loop is {}", tensor.type_text());
  return read_int(tensor, 0) != 0;
}

static void eval(const Loop& loop, EvalContext& context) {
  const size_t states = checked_states(loop, context.input_count()), scans = loop.scan_dtypes.size();
  check_slice_shapes(slice_shapes(loop), static_cast<int64_t>(scans));
  int64_t trip_count = INT64_MAX;
  if (context.has(0)) {
    if (context.tensor(0).count() != 1) fail(Code::kInvalidArgument, "the trip count of a loop is not one number");
    trip_count = read_int(context.tensor(0), 0);
  }
  bool condition = !context.has(1) || truth(context.tensor(1));
  std::vector<Value> carried, captures;
  for (size_t i = kFirstState; i < context.input_count(); ++i) {
    (i < kFirstState + states ? carried : captures).push_back(context.has(i) ? context.input(i) : Value());
  }
  SliceCollector collector(context, scans);
  for (int64_t i = 0; i < trip_count && condition; ++i) {
    check_cancelled(context);
    std::vector<Value> inputs{Tensor::scalar<int64_t>(i), Tensor::scalar<bool>(condition)};
    std::move(carried.begin(), carried.end(), std::back_inserter(inputs));
    inputs.insert(inputs.end(), captures.begin(), captures.end());
    auto results = run_body(context, loop.body, std::move(inputs), 1 + states + scans);
    condition = truth(results[0].tensor());
    const auto first = results.begin() + 1;
    carried.assign(std::make_move_iterator(first), std::make_move_iterator(first + static_cast<int64_t>(states)));
    for (size_t k = 0; k < scans; ++k) collector.add(k, results[1 + states + k].tensor());
  }
  for (size_t i = 0; i < states; ++i) context.set_output(i, std::move(carried[i]));
  for (size_t k = 0; k < scans; ++k) {
    context.set_output(states + k, collector.stack(k, 0, false, slice_shapes(loop)));
  }
}

const OpDef Loop::def = define_op<Loop, infer, eval>(
    {"loop", "for (i = 0; i < trip_count && condition; ++i) condition, states, slices = body(i, condition, states)", 0,
     -1, -1, kControlFlow});

}  // namespace ingot
