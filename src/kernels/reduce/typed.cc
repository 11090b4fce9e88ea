// Plain code for numbers that are no floats of 32 bits or less, and for positions of extremes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/reduce/reduce.h"
#include "ops/arg_reduce.h"
#include "ops/axis_split.h"

namespace ingot::kernels {
namespace {

// In unsigned numbers integers wrap.
template <class T> using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;

template <class T> T combined(ReduceStep step, T sum, T x) {
  const auto a = static_cast<Sum<T>>(sum), b = static_cast<Sum<T>>(x);
  switch (step) {
    case ReduceStep::kProduct: return static_cast<T>(a * b);
    case ReduceStep::kMin: return x != x || x < sum ? x : sum;
    case ReduceStep::kMax: return x != x || x > sum ? x : sum;
    case ReduceStep::kSumOfSquares: return static_cast<T>(a + b * b);
    case ReduceStep::kSumOfAbsolute: return static_cast<T>(x < 0 ? a - b : a + b);
    default: return static_cast<T>(a + b);
  }
}
template <class T> T neutral(ReduceStep step, bool empty) {
  using Limits = std::numeric_limits<T>;
  if (step == ReduceStep::kProduct) return 1;
  if (step != ReduceStep::kMin && step != ReduceStep::kMax) return 0;
  if (std::is_integral_v<T> && empty) return 0;
  if (Limits::has_infinity) return step == ReduceStep::kMin ? Limits::infinity() : -Limits::infinity();
  return step == ReduceStep::kMin ? Limits::max() : Limits::min();
}

template <class T> class TypedReduceKernel : public BoundKernel {
 public:
  explicit TypedReduceKernel(const Problem& problem)
      : fn_(problem.op.as<Reduce>()->fn),
        shape_(problem.inputs[0].shape),
        reduced_(reduced_axes(problem)),
        elements_(element_count(shape_)),
        results_(element_count(problem.outputs[0].shape)) {}

  void run(const RunArgs& args) const noexcept override {
    const T* x = static_cast<const T*>(args.inputs[0]);
    T* y = static_cast<T*>(args.outputs[0]);
    const ReduceStep step = first_step(fn_);
    std::fill_n(y, results_, neutral<T>(step, elements_ == 0));
    // Every element in order, its result found by an odometer.
    int64_t index[kMaxAxes] = {}, strides[kMaxAxes], at = 0, stride = 1;
    for (size_t axis = shape_.size(); axis-- > 0;) {
      strides[axis] = reduced_[axis] ? 0 : stride;
      if (!reduced_[axis]) stride *= shape_[axis];
    }
    for (int64_t i = 0; i < elements_; ++i) {
      y[at] = combined(step, y[at], x[i]);
      for (size_t axis = shape_.size(); axis-- > 0;) {
        at += strides[axis];
        if (++index[axis] < shape_[axis]) break;
        at -= strides[axis] * shape_[axis];
        index[axis] = 0;
      }
    }
    for (int64_t i = 0; i < results_; ++i) y[i] = finished(y[i]);
  }
  static constexpr size_t kMaxAxes = 16;

 private:
  T finished(T sum) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (fn_ == ReduceFn::kMean) return sum / (static_cast<double>(elements_) / static_cast<double>(results_));
      if (fn_ == ReduceFn::kL2) return std::sqrt(sum);
      if (fn_ == ReduceFn::kLogSum) return std::log(sum);
    }
    return sum;
  }
  ReduceFn fn_;
  Shape shape_;
  std::vector<bool> reduced_;
  int64_t elements_, results_;
};

// NaN before every number; the first of equals, or the last.
template <class T> bool beats(ArgFn fn, bool last, T x, T best) {
  if (x != x || best != best) return (x != x) && (best == best || last);
  if (x == best) return last;
  return fn == ArgFn::kMax ? x > best : x < best;
}

template <class T> class ArgReduceKernel : public BoundKernel {
 public:
  explicit ArgReduceKernel(const Problem& problem)
      : op_(*problem.op.as<ArgReduce>()), split_(split_at(problem.inputs[0].shape, op_.axis)) {}

  void run(const RunArgs& args) const noexcept override {
    const T* x = static_cast<const T*>(args.inputs[0]);
    int64_t* y = static_cast<int64_t*>(args.outputs[0]);
    if (split_.size == 0) return;
    // Tasks of lines next to each other, so that short inner axes read whole cache lines.
    constexpr int64_t kLines = 64;
    const int64_t blocks = (split_.inner + kLines - 1) / kLines;
    args.parallel.run(split_.outer * blocks, [&](int64_t task) {
      const int64_t outer = task / blocks, begin = task % blocks * kLines, end = std::min(split_.inner, begin + kLines);
      T best[kLines];
      int64_t found[kLines];
      const T* row = x + outer * split_.size * split_.inner + begin;
      for (int64_t c = 0; c < end - begin; ++c) best[c] = row[c], found[c] = 0;
      for (int64_t k = 1; k < split_.size; ++k) {
        row += split_.inner;
        for (int64_t c = 0; c < end - begin; ++c) {
          if (beats(op_.fn, op_.select_last, row[c], best[c])) best[c] = row[c], found[c] = k;
        }
      }
      std::copy_n(found, end - begin, y + outer * split_.inner + begin);
    });
  }

 private:
  ArgReduce op_;
  AxisSplit split_;
};

}  // namespace

const char* refuse_typed_reduce(const Problem& problem) {
  const Reduce& reduce = *problem.op.as<Reduce>();
  const DType dtype = problem.inputs[0].dtype;
  if (has_input(problem, 1)) return "axes that are an input";
  if (problem.inputs[0].shape.size() > TypedReduceKernel<double>::kMaxAxes) return "too many axes";
  if (reduce.fn == ReduceFn::kLogSumExp) return "log_sum_exp has no kernel";
  if (dtype == DType::kF64) return nullptr;
  if (dtype != DType::kI32 && dtype != DType::kI64) return "elements other than i32, i64 and f64";
  const bool leaves = reduce.fn == ReduceFn::kMean || reduce.fn == ReduceFn::kL2 || reduce.fn == ReduceFn::kLogSum;
  return leaves ? "a function of integers that rounds" : nullptr;
}

std::unique_ptr<BoundKernel> bind_typed_reduce(const Problem& problem) {
  switch (problem.inputs[0].dtype) {
    case DType::kI32: return std::make_unique<TypedReduceKernel<int32_t>>(problem);
    case DType::kI64: return std::make_unique<TypedReduceKernel<int64_t>>(problem);
    default: return std::make_unique<TypedReduceKernel<double>>(problem);
  }
}

const char* refuse_arg_reduce(const Problem& problem) {
  switch (problem.inputs[0].dtype) {
    case DType::kF32:
    case DType::kF64:
    case DType::kI32:
    case DType::kI64:
    case DType::kU8: return nullptr;
    default: return "elements other than f32, f64, i32, i64 and u8";
  }
}

std::unique_ptr<BoundKernel> bind_arg_reduce(const Problem& problem) {
  switch (problem.inputs[0].dtype) {
    case DType::kF32: return std::make_unique<ArgReduceKernel<float>>(problem);
    case DType::kF64: return std::make_unique<ArgReduceKernel<double>>(problem);
    case DType::kI32: return std::make_unique<ArgReduceKernel<int32_t>>(problem);
    case DType::kI64: return std::make_unique<ArgReduceKernel<int64_t>>(problem);
    default: return std::make_unique<ArgReduceKernel<uint8_t>>(problem);
  }
}

}  // namespace ingot::kernels
