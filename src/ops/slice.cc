#include "ops/slice.h"

#include <algorithm>
#include <set>

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

constexpr int64_t kToTheEnd = 1000000000;  // exporters write this, INT32_MAX or INT64_MAX for "all"

// One sliced axis in concrete numbers: `count` elements from `start`.
struct Run {
  int64_t start = 0, step = 1, count = 0;
};

Run clamp_run(int64_t size, int64_t start, int64_t end, int64_t step) {
  if (step == 0) fail(Code::kInvalidArgument, "a slice of step 0");
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto clamp = [&](int64_t at, int64_t least) {
    return std::max(least, std::min(at < 0 ? at + size : at, high));
  };
  const int64_t from = clamp(start, 0), to = clamp(end, low);
  Run run{from, step, 0};
  if (size == 0) return run;
  if (step > 0 && to > from) run.count = (to - from - 1) / step + 1;
  // step may be INT64_MIN: divide before negating.
  if (step < 0 && from > to) run.count = -((from - to - 1) / step) + 1;
  return run;
}

Dim smaller(const Dim& a, const Dim& b) {
  if ((b - a).known_non_negative()) return a;
  if ((a - b).known_non_negative()) return b;
  return Dim::min(a, b);
}

// The sliced size of an axis, or nothing where the sign of a bound decides it and is unknown.
std::optional<Dim> sliced_size(const Dim& size, const Dim& start, const Dim& end, int64_t step) {
  const auto s = start.constant(), e = end.constant();
  if (size.is_constant() && s && e) return Dim(clamp_run(*size.constant(), *s, *e, step).count);
  if (step < 0) {
    const bool whole = s && (*s == -1 || *s >= kToTheEnd) && e && *e <= -kToTheEnd;
    return whole && step > -kToTheEnd ? std::optional(Dim::ceil_div(size, Dim(-step))) : std::nullopt;
  }
  Dim stop = size;
  if (e && *e < 0) {
    stop = non_negative(size + (*e < -kToTheEnd ? Dim(-kToTheEnd) : end));
  } else if (!e || *e < kToTheEnd) {
    if (!end.known_non_negative()) return std::nullopt;
    stop = smaller(end, size);
  }
  Dim count;
  if (s && *s < 0) {
    if (*s < -kToTheEnd) {
      count = stop;
    } else {
      count = stop == size ? smaller(Dim(-*s), size) : non_negative(stop - non_negative(size + start));
    }
  } else if (start.known_non_negative()) {
    count = non_negative(stop - start);
  } else if (start == Dim(0) - size) {
    count = stop;  // from the first on
  } else {
    return std::nullopt;
  }
  return Dim::ceil_div(count, Dim(step));
}

struct Ranges {
  std::optional<DimShape> starts, ends;
  std::optional<std::vector<int64_t>> axes, steps;
};

std::optional<std::vector<int64_t>> constants(const std::optional<DimShape>& elements) {
  return elements ? constant_shape(*elements) : std::nullopt;
}

std::optional<std::vector<int64_t>> leading_axes(std::optional<size_t> count) {
  if (!count || *count > 1024) return std::nullopt;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < *count; ++i) axes.push_back(static_cast<int64_t>(i));
  return axes;
}

Ranges inferred_ranges(const Slice& slice, const InferContext& context) {
  if (context.input_count() == 1) return {slice.starts, slice.ends, slice.axes, slice.steps};
  std::optional<size_t> count;
  for (size_t i = 1; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    require_index_type(context.dtype(i));
    const auto& shape = context.shape(i);
    context.require(!shape || shape->size() == 1, "bounds of a slice must be of rank 1, got {}",
                    context.input(i).text());
    if (shape && (*shape)[0].is_constant()) count = static_cast<size_t>(*(*shape)[0].constant());
  }
  return {context.elements(1), context.elements(2),
          context.has(3) ? constants(context.elements(3)) : leading_axes(count),
          context.has(4) ? constants(context.elements(4)) : std::vector<int64_t>()};
}

// Fills in the defaults and checks lengths and axes against the rank.
void complete(std::vector<int64_t>& axes, std::vector<int64_t>& steps, size_t count, int64_t rank) {
  if (axes.empty()) {
    for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(count, 1);
  if (axes.size() != count || steps.size() != count) {
    fail(Code::kInvalidArgument, "a slice of {} starts, {} axes and {} steps", count, axes.size(), steps.size());
  }
  std::set<int64_t> seen;
  for (int64_t& axis : axes) {
    axis = normalize_axis(axis, rank);
    if (!seen.insert(axis).second) fail(Code::kInvalidArgument, "axis {} is sliced twice", axis);
  }
  if (std::find(steps.begin(), steps.end(), 0) != steps.end()) fail(Code::kInvalidArgument, "a slice of step 0");
}

std::optional<DimShape> sliced_elements(const Fact& x, const Ranges& ranges) {
  const auto starts = constants(ranges.starts), ends = constants(ranges.ends);
  if (!x.elements || x.rank() != 1 || !starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
  const Run run = clamp_run(static_cast<int64_t>(x.elements->size()), starts->front(), ends->front(),
                            ranges.steps->empty() ? 1 : ranges.steps->front());
  DimShape elements;
  for (int64_t i = 0; i < run.count; ++i) {
    elements.push_back((*x.elements)[static_cast<size_t>(run.start + i * run.step)]);
  }
  return elements;
}

}  // namespace

static void infer(const Slice& slice, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "slice takes a tensor, got {}", x.type.text());
  context.require(context.input_count() == 1 || (context.has(1) && context.has(2)), "slice needs starts and ends");
  Ranges ranges = inferred_ranges(slice, context);
  if (!x.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  if (!ranges.axes) {  // any axis may be sliced
    context.set_output(0, x.dtype(), context.fresh_shape(x.shape->size()));
    return;
  }
  const size_t count = ranges.starts ? ranges.starts->size() : ranges.axes->size();
  context.require(!ranges.ends || ranges.ends->size() == count, "a slice of {} starts and {} ends", count,
                  ranges.ends ? ranges.ends->size() : 0);
  std::vector<int64_t> axes = *ranges.axes, steps = ranges.steps.value_or(std::vector<int64_t>(count, 1));
  complete(axes, steps, count, x.rank());
  DimShape shape = *x.shape;
  for (size_t i = 0; i < count; ++i) {
    Dim& size = shape[static_cast<size_t>(axes[i])];
    std::optional<Dim> sliced;
    if (ranges.starts && ranges.ends && ranges.steps) {
      sliced = sliced_size(size, (*ranges.starts)[i], (*ranges.ends)[i], steps[i]);
    }
    size = sliced ? *sliced : context.fresh_dim();
  }
  auto elements = ranges.steps ? sliced_elements(x, ranges) : std::nullopt;
  context.set_output(0, elements_fact(x.dtype(), std::move(shape), std::move(elements)));
}

static void eval(const Slice& slice, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<int64_t> bounds[4] = {{}, {}, slice.axes, slice.steps};
  if (context.input_count() == 1) {
    bounds[0] = context.sizes(slice.starts);
    bounds[1] = context.sizes(slice.ends);
  } else {
    for (size_t i = 0; i < 4; ++i) {
      if (!context.has(i + 1)) continue;
      require_index_type(context.tensor(i + 1).dtype());
      bounds[i] = to_ints(context.tensor(i + 1));
    }
  }
  const auto& [starts, ends, axes_given, steps_given] = bounds;
  std::vector<int64_t> axes = axes_given, steps = steps_given;
  if (ends.size() != starts.size()) {
    fail(Code::kInvalidArgument, "a slice of {} starts and {} ends", starts.size(), ends.size());
  }
  complete(axes, steps, starts.size(), x.rank());
  std::vector<Run> runs;
  for (const int64_t size : x.shape()) runs.push_back({0, 1, size});
  for (size_t i = 0; i < axes.size(); ++i) {
    runs[static_cast<size_t>(axes[i])] = clamp_run(x.dim(axes[i]), starts[i], ends[i], steps[i]);
  }
  Shape shape;
  for (const Run& run : runs) shape.push_back(run.count);
  Tensor& y = context.output(0, x.dtype(), shape);
  if (y.count() == 0) return;
  // Axes after the last sliced one are copied in one piece.
  const Shape strides = row_major_strides(x.shape());
  size_t outer = runs.size();
  int64_t piece = 1;
  while (outer > 0 && runs[outer - 1].count == x.shape()[outer - 1] && runs[outer - 1].step == 1) {
    piece *= runs[--outer].count;
  }
  int64_t source = 0;
  for (size_t axis = 0; axis < outer; ++axis) source += runs[axis].start * strides[axis];
  Shape index(outer, 0);
  for (int64_t i = 0; i < y.count(); i += piece) {
    copy_elements(x, source, y, i, piece);
    for (size_t axis = outer; axis-- > 0;) {
      if (++index[axis] < shape[axis]) {
        source += runs[axis].step * strides[axis];
        break;
      }
      // The step of a single element may be any number.
      if (shape[axis] > 1) source -= runs[axis].step * strides[axis] * (shape[axis] - 1);
      index[axis] = 0;
    }
  }
}

const OpDef Slice::def = define_op<Slice, infer, eval>(
    {"slice", "the range start, start + step, ... before end of some axes, clamped as NumPy does", 1, 5, 1,
     kMovesData});

}  // namespace ingot
