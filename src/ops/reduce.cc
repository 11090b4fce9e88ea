#include "ops/reduce.h"

#include <cmath>
#include <limits>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Which axes are reduced; throws on an axis out of range or named twice.
std::vector<bool> reduced_axes(const Reduce& reduce, const std::vector<int64_t>& axes, int64_t rank) {
  std::vector<bool> reduced(static_cast<size_t>(rank), axes.empty() && !reduce.empty_is_identity);
  for (const int64_t axis : axes) {
    const auto index = static_cast<size_t>(normalize_axis(axis, rank));
    if (reduced[index]) fail(Code::kInvalidArgument, "axis {} is reduced twice", axis);
    reduced[index] = true;
  }
  return reduced;
}

bool takes(ReduceFn fn, DType dtype) {
  if (is_float(dtype) || is_int(dtype)) return true;
  return dtype == DType::kBool && (fn == ReduceFn::kMin || fn == ReduceFn::kMax);
}

struct Layout {
  Shape result, full;  // without and with the reduced axes as 1
  Shape strides;       // of the accumulators along the input's axes
};

Layout layout_of(const Reduce& reduce, const Tensor& x, const std::vector<int64_t>& axes) {
  const auto reduced = reduced_axes(reduce, axes, x.rank());
  Layout layout;
  for (size_t i = 0; i < reduced.size(); ++i) {
    layout.full.push_back(reduced[i] ? 1 : x.shape()[i]);
    if (!reduced[i] || reduce.keepdims) layout.result.push_back(layout.full.back());
  }
  layout.strides = row_major_strides(layout.full);
  for (size_t i = 0; i < reduced.size(); ++i) {
    if (reduced[i]) layout.strides[i] = 0;
  }
  return layout;
}

double start(ReduceFn fn) {
  switch (fn) {
    case ReduceFn::kProd: return 1;
    case ReduceFn::kMin: return std::numeric_limits<double>::infinity();
    case ReduceFn::kMax:
    case ReduceFn::kLogSumExp: return -std::numeric_limits<double>::infinity();
    default: return 0;
  }
}

// Of log_sum_exp this is the first pass, the maximum.
double combine(ReduceFn fn, double sum, double x) {
  switch (fn) {
    case ReduceFn::kSum:
    case ReduceFn::kMean:
    case ReduceFn::kLogSum: return sum + x;
    case ReduceFn::kProd: return sum * x;
    case ReduceFn::kMin: return std::isnan(x) || x < sum ? x : sum;
    case ReduceFn::kMax:
    case ReduceFn::kLogSumExp: return std::isnan(x) || x > sum ? x : sum;
    case ReduceFn::kL1: return sum + std::fabs(x);
    case ReduceFn::kL2:
    case ReduceFn::kSumSquare: return sum + x * x;
  }
  return sum;
}

double finish(ReduceFn fn, double sum, double count) {
  switch (fn) {
    case ReduceFn::kMean: return sum / count;
    case ReduceFn::kL2: return std::sqrt(sum);
    case ReduceFn::kLogSum: return std::log(sum);
    default: return sum;
  }
}

// Turns the maxima into max + log(sum(exp(x - max))).
void log_sum_exp(const std::vector<double>& x, const Tensor& tensor, const Layout& layout,
                 std::vector<double>& maxima) {
  std::vector<double> sums(maxima.size(), 0.0);
  StridedWalk<1> walk(tensor.shape(), {layout.strides});
  for (const double value : x) {
    const auto i = static_cast<size_t>(walk.offset());
    if (std::isfinite(maxima[i])) sums[i] += std::exp(value - maxima[i]);
    walk.next();
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    if (std::isfinite(maxima[i])) maxima[i] += std::log(sums[i]);
  }
}

void reduce_floats(const Reduce& reduce, const Tensor& x, const Layout& layout, Tensor& y) {
  const std::vector<double> values = to_doubles(x);
  std::vector<double> sums(static_cast<size_t>(y.count()), start(reduce.fn));
  StridedWalk<1> walk(x.shape(), {layout.strides});
  for (const double value : values) {
    double& sum = sums[static_cast<size_t>(walk.offset())];
    sum = combine(reduce.fn, sum, value);
    walk.next();
  }
  if (reduce.fn == ReduceFn::kLogSumExp) log_sum_exp(values, x, layout, sums);
  double count = 1;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (layout.full[static_cast<size_t>(i)] != x.dim(i)) count *= static_cast<double>(x.dim(i));
  }
  for (double& sum : sums) sum = finish(reduce.fn, sum, count);
  write_doubles(y, sums);
}

uint64_t magnitude(int64_t x) { return x < 0 ? uint64_t{0} - static_cast<uint64_t>(x) : static_cast<uint64_t>(x); }

// Integers wrap in 64 bits; functions that leave the integers go through double and truncate.
void reduce_integers(const Reduce& reduce, const Tensor& x, const Layout& layout, Tensor& y) {
  const bool wide = x.dtype() == DType::kU64;  // compared as unsigned
  const bool minimum = reduce.fn == ReduceFn::kMin;
  const auto less = [&](int64_t a, int64_t b) {
    return wide ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
  };
  const std::vector<int64_t> values = to_ints(x);
  std::vector<int64_t> sums(static_cast<size_t>(y.count()), reduce.fn == ReduceFn::kProd ? 1 : 0);
  std::vector<int64_t> counts(sums.size(), 0);
  StridedWalk<1> walk(x.shape(), {layout.strides});
  for (const int64_t value : values) {
    const auto i = static_cast<size_t>(walk.offset());
    const auto sum = static_cast<uint64_t>(sums[i]), term = static_cast<uint64_t>(value);
    switch (reduce.fn) {
      case ReduceFn::kProd: sums[i] = static_cast<int64_t>(sum * term); break;
      case ReduceFn::kMin:
      case ReduceFn::kMax:
        if (counts[i] == 0 || (minimum ? less(value, sums[i]) : less(sums[i], value))) sums[i] = value;
        break;
      case ReduceFn::kL1: sums[i] = static_cast<int64_t>(sum + (wide ? term : magnitude(value))); break;
      case ReduceFn::kL2:
      case ReduceFn::kSumSquare: sums[i] = static_cast<int64_t>(sum + term * term); break;
      default: sums[i] = static_cast<int64_t>(sum + term);
    }
    ++counts[i];
    walk.next();
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    if (reduce.fn == ReduceFn::kMean && counts[i] != 0) {
      sums[i] = wide ? static_cast<int64_t>(static_cast<uint64_t>(sums[i]) / static_cast<uint64_t>(counts[i]))
                     : sums[i] / counts[i];
    }
    const double real = wide ? static_cast<double>(static_cast<uint64_t>(sums[i])) : static_cast<double>(sums[i]);
    if (reduce.fn == ReduceFn::kL2) sums[i] = static_cast<int64_t>(std::sqrt(real));
    if (reduce.fn == ReduceFn::kLogSum && sums[i] > 0) sums[i] = static_cast<int64_t>(std::log(real));
  }
  write_ints(y, sums);
}

// The least or greatest value of an integer type or bool: what min and max of nothing are.
int64_t extreme(DType dtype, bool largest) {
  const int bits = dtype == DType::kBool ? 1 : dtype_bits(dtype);
  if (is_signed_int(dtype)) {
    const int64_t top = static_cast<int64_t>((uint64_t{1} << (bits - 1)) - 1);
    return largest ? top : -top - 1;
  }
  return largest ? static_cast<int64_t>(bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1) : 0;
}

}  // namespace

// What integers known as expressions (a shape, say) come to; `all`: as one number, else each by itself.
static std::optional<DimShape> reduced_elements(ReduceFn fn, const Fact& x, bool all) {
  const bool plain = fn == ReduceFn::kSum || fn == ReduceFn::kProd || fn == ReduceFn::kMin || fn == ReduceFn::kMax;
  if (!x.elements || x.elements->empty() || is_float(x.dtype()) || !plain) return std::nullopt;
  if (!all) return x.elements;
  Dim result = x.elements->front();
  for (size_t i = 1; i < x.elements->size(); ++i) {
    const Dim& each = (*x.elements)[i];
    switch (fn) {
      case ReduceFn::kSum: result = result + each; break;
      case ReduceFn::kProd: result = result * each; break;
      case ReduceFn::kMin: result = Dim::min(result, each); break;
      default: result = Dim::max(result, each); break;
    }
  }
  return DimShape{result};
}

static void infer(const Reduce& reduce, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(takes(reduce.fn, x.dtype()), "reduce_{} of {} elements", enum_name(reduce.fn), dtype_name(x.dtype()));
  std::optional<std::vector<int64_t>> axes = reduce.axes;
  if (context.has(1)) {
    const Fact& input = context.input(1);
    context.require(is_int(input.dtype()) && (!input.has_rank() || input.rank() <= 1),
                    "the axes of a reduction are a list of integers, got {}", input.text());
    axes = context.elements(1) ? constant_shape(*context.elements(1)) : std::nullopt;
    if (!axes && input.has_rank() && input.rank() == 1 && (*input.shape)[0].is(0)) axes.emplace();
  }
  if (!x.has_rank()) {
    const bool scalar = axes && axes->empty() && !reduce.empty_is_identity && !reduce.keepdims;
    return context.set_output(0, x.dtype(), scalar ? std::optional<DimShape>(DimShape{}) : std::nullopt);
  }
  if (!axes) {
    // Which axes is not known; how many there are may be.
    if (reduce.keepdims) return context.set_output(0, x.dtype(), context.fresh_shape(x.shape->size()));
    const auto& listed = context.shape(1);
    const auto count = listed && listed->size() == 1 ? (*listed)[0].constant() : std::nullopt;
    if (!count || *count == 0 || *count > x.rank()) return context.set_output(0, x.dtype(), std::nullopt);
    return context.set_output(0, x.dtype(), context.fresh_shape(x.shape->size() - static_cast<size_t>(*count)));
  }
  const auto reduced = reduced_axes(reduce, *axes, x.rank());
  DimShape shape;
  for (size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) {
      shape.push_back((*x.shape)[i]);
    } else if (reduce.keepdims) {
      shape.push_back(1);
    }
  }
  const bool whole = reduced == std::vector<bool>{true};
  context.set_output(0, elements_fact(x.dtype(), std::move(shape), reduced_elements(reduce.fn, x, whole)));
}

static void eval(const Reduce& reduce, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (!takes(reduce.fn, x.dtype())) {
    fail(Code::kInvalidArgument, "reduce_{} of {} elements", enum_name(reduce.fn), dtype_name(x.dtype()));
  }
  const Layout layout = layout_of(reduce, x, context.has(1) ? to_ints(context.tensor(1)) : reduce.axes);
  Tensor& y = context.output(0, x.dtype(), layout.result);
  if (is_float(x.dtype()) || reduce.fn == ReduceFn::kLogSumExp) return reduce_floats(reduce, x, layout, y);
  reduce_integers(reduce, x, layout, y);
  if (x.count() == 0 && (reduce.fn == ReduceFn::kMin || reduce.fn == ReduceFn::kMax)) {
    const int64_t value = extreme(x.dtype(), reduce.fn == ReduceFn::kMin);
    write_ints(y, std::vector<int64_t>(static_cast<size_t>(y.count()), value));
  }
}

const OpDef Reduce::def = define_op<Reduce, infer, eval>(
    {"reduce", "one number from all elements along the reduced axes", 1, 2, 1, kNoTraits, {4, 1}});

}  // namespace ingot
