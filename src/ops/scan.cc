#include "ops/scan.h"

#include <algorithm>

#include "ops/bodies.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

struct Counts {
  size_t first, states, inputs, outputs;  // `first`: index of the first state among the node's inputs
};

Counts checked_counts(const Scan& scan, size_t input_count) {
  const size_t first = scan.batched ? 1 : 0;
  const auto fits = [](const std::vector<int64_t>& list, size_t count) { return list.empty() || list.size() == count; };
  const auto outputs = scan.slice_dtypes.size();
  const auto limit = static_cast<int64_t>(input_count);
  if (scan.states < 0 || scan.scan_inputs < 1 || scan.states > limit || scan.scan_inputs > limit ||
      first + static_cast<size_t>(scan.states + scan.scan_inputs) > input_count) {
    fail(Code::kInvalidArgument, "a scan of {} states and {} tensors has {} inputs", scan.states, scan.scan_inputs,
         input_count);
  }
  if (!fits(scan.input_axes, static_cast<size_t>(scan.scan_inputs)) ||
      !fits(scan.input_directions, static_cast<size_t>(scan.scan_inputs)) || !fits(scan.output_axes, outputs) ||
      !fits(scan.output_directions, outputs)) {
    fail(Code::kInvalidArgument, "scan needs one axis and direction per input and output");
  }
  check_slice_shapes({scan.slice_dtypes, scan.slice_ranks, scan.slice_sizes}, static_cast<int64_t>(outputs));
  return {first, static_cast<size_t>(scan.states), static_cast<size_t>(scan.scan_inputs), outputs};
}

int64_t item(const std::vector<int64_t>& list, size_t index, int64_t fallback = 0) {
  return list.empty() ? fallback : list[index];
}

// Axes of the node's inputs that are scanned; opset 8 fixes them behind the batch.
int64_t input_axis(const Scan& scan, size_t index) { return scan.batched ? 1 : item(scan.input_axes, index); }

}  // namespace

static void infer(const Scan& scan, InferContext& context) {
  const Counts counts = checked_counts(scan, context.input_count());
  const auto outputs = context.body_outputs(static_cast<size_t>(scan.body));
  context.require(outputs.size() == counts.states + counts.outputs, "the body of scan gives {} values instead of {}",
                  outputs.size(), counts.states + counts.outputs);
  std::optional<Dim> length, batch;
  for (size_t i = 0; i < counts.inputs; ++i) {
    const size_t index = counts.first + counts.states + i;
    if (!context.input(index).has_rank()) continue;
    const Dim& size = (*context.shape(index))[static_cast<size_t>(context.axis(input_axis(scan, i), index))];
    length = length ? unify(*length, size, "the scanned sizes") : size;
    if (scan.batched) batch = (*context.shape(index))[0];
  }
  if (!length) length = context.fresh_dim();
  if (!batch) batch = context.fresh_dim();
  const auto known = input_symbols(context);
  for (size_t i = 0; i < counts.states; ++i) {
    Fact state = outputs[i];
    if (scan.batched && state.shape) state.shape->insert(state.shape->begin(), *batch);
    Fact joined = join_facts(context.input(counts.first + i), state, [&] { return context.fresh_dim(); });
    context.set_output(i, leave_body(context, std::move(joined), known));
  }
  for (size_t i = 0; i < counts.outputs; ++i) {
    Fact fact = leave_body(context, outputs[counts.states + i], known);
    context.require(fact.type.is_tensor(), "scan stacks tensors, not {}", fact.text());
    if (fact.shape) {
      const int64_t axis = normalize_axis(scan.batched ? 0 : item(scan.output_axes, i), fact.rank() + 1);
      fact.shape->insert(fact.shape->begin() + axis, *length);
      if (scan.batched) fact.shape->insert(fact.shape->begin(), *batch);
    }
    context.set_output(counts.states + i, std::move(fact));
  }
}

namespace {

// One pass over `length` positions of `tensors`; `states` are replaced by the final ones.
void run_scan(const Scan& scan, EvalContext& context, const Counts& counts, std::vector<Value>& states,
              const std::vector<Tensor>& tensors, const std::vector<int64_t>& axes, int64_t length,
              SliceCollector& collector) {
  for (int64_t t = 0; t < length; ++t) {
    check_cancelled(context);
    std::vector<Value> inputs = states;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const bool backward = item(scan.input_directions, i) != 0;
      inputs.push_back(select_slice(tensors[i], axes[i], backward ? length - 1 - t : t));
    }
    for (size_t i = counts.first + counts.states + counts.inputs; i < context.input_count(); ++i) {
      inputs.push_back(context.input(i));
    }
    auto results = run_body(context, scan.body, std::move(inputs), counts.states + counts.outputs);
    for (size_t i = 0; i < counts.states; ++i) states[i] = std::move(results[i]);
    for (size_t i = 0; i < counts.outputs; ++i) collector.add(i, results[counts.states + i].tensor());
  }
}

int64_t scanned_length(const std::vector<Tensor>& tensors, const std::vector<int64_t>& axes) {
  const int64_t length = tensors[0].dim(axes[0]);
  for (size_t i = 1; i < tensors.size(); ++i) {
    if (tensors[i].dim(axes[i]) != length) {
      fail(Code::kInvalidArgument, "scanned sizes differ: {} and {}", length, tensors[i].dim(axes[i]));
    }
  }
  return length;
}

SliceShapes slice_shapes(const Scan& scan) { return {scan.slice_dtypes, scan.slice_ranks, scan.slice_sizes}; }

// The first `slice.dim(0)` rows of batch item `b` of `to`.
void store_rows(const Tensor& rows, Tensor& to, int64_t b) {
  const int64_t base = b * (to.dim(0) == 0 ? 0 : to.count() / to.dim(0));
  for (int64_t i = 0; i < rows.count(); ++i) copy_element(rows, i, to, base + i);
}

void store_item(std::vector<Tensor>& all, size_t index, const Tensor& one, int64_t b, int64_t batch, bool rows,
                int64_t length) {
  if (!all[index].defined()) {
    Shape shape = one.shape();
    if (rows) shape[0] = length;
    shape.insert(shape.begin(), batch);
    all[index] = Tensor(one.dtype(), shape);
  }
  const int64_t capacity = batch == 0 ? 0 : all[index].count() / batch;
  if (one.dtype() != all[index].dtype() || one.count() > capacity) {
    fail(Code::kInvalidArgument, "results of a scan differ in shape between batch items");
  }
  store_rows(one, all[index], b);
}

void eval_batched(const Scan& scan, EvalContext& context, const Counts& counts) {
  const size_t first_tensor = counts.first + counts.states;
  const int64_t batch = context.tensor(first_tensor).dim(0);
  std::vector<Tensor> results(counts.states + counts.outputs);
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Value> states;
    std::vector<Tensor> tensors;
    for (size_t i = 0; i < counts.states; ++i) states.push_back(select_slice(context.tensor(counts.first + i), 0, b));
    for (size_t i = 0; i < counts.inputs; ++i) tensors.push_back(select_slice(context.tensor(first_tensor + i), 0, b));
    const std::vector<int64_t> axes(tensors.size(), 0);
    const int64_t longest = scanned_length(tensors, axes);
    int64_t length = longest;
    if (context.has(0)) {
      if (context.tensor(0).count() != batch) fail(Code::kInvalidArgument, "scan needs one length per batch item");
      length = read_int(context.tensor(0), b);
      if (length < 0 || length > longest) fail(Code::kInvalidArgument, "length {} of {} positions", length, longest);
    }
    SliceCollector collector(context, counts.outputs);
    run_scan(scan, context, counts, states, tensors, axes, length, collector);
    for (size_t i = 0; i < counts.states; ++i) store_item(results, i, states[i].tensor(), b, batch, false, 0);
    for (size_t i = 0; i < counts.outputs; ++i) {
      store_item(results, counts.states + i, collector.stack(i, 0, false, slice_shapes(scan)), b, batch, true, longest);
    }
  }
  if (batch == 0) fail(Code::kInvalidArgument, "a batched scan of an empty batch");
  for (size_t i = 0; i < results.size(); ++i) context.set_output(i, std::move(results[i]));
}

}  // namespace

static void eval(const Scan& scan, EvalContext& context) {
  const Counts counts = checked_counts(scan, context.input_count());
  if (scan.batched) return eval_batched(scan, context, counts);
  std::vector<Value> states;
  std::vector<Tensor> tensors;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < counts.states; ++i) states.push_back(context.input(i));
  for (size_t i = 0; i < counts.inputs; ++i) {
    tensors.push_back(context.tensor(counts.states + i));
    axes.push_back(normalize_axis(input_axis(scan, i), tensors.back().rank()));
  }
  SliceCollector collector(context, counts.outputs);
  run_scan(scan, context, counts, states, tensors, axes, scanned_length(tensors, axes), collector);
  for (size_t i = 0; i < counts.states; ++i) context.set_output(i, std::move(states[i]));
  for (size_t i = 0; i < counts.outputs; ++i) {
    context.set_output(counts.states + i, collector.stack(i, item(scan.output_axes, i),
                                                          item(scan.output_directions, i) != 0, slice_shapes(scan)));
  }
}

const OpDef Scan::def = define_op<Scan, infer, eval>(
    {"scan", "states, out slices = body(states, in slices) for each position of the scanned axes", 0, -1, -1,
     kControlFlow});

}  // namespace ingot
