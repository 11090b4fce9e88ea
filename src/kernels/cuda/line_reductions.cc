// Softmax, positions of extremes and reductions of every kind, along any axes.
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "kernels/cuda/lines.h"
#include "ops/arg_reduce.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace ingot::kernels::cuda {
namespace {

constexpr const char* kLarger = "[](float a, float b) { return larger(a, b); }";

const char* value_type(DType type) { return is_float(type) ? "float" : "long long"; }

// `base`: the first element of the line.
std::string line_begin(const AxisSplit& split) {
  return fmt::format("  const long long base = line / {0} * {1} * {0} + line % {0};\n", split.inner, split.size);
}

const char* refuse_softmax(const Problem& problem) {
  return is_float(problem.inputs[0].dtype) ? nullptr : "the elements are no floats";
}

Emission emit_softmax(const Problem& problem, DType storage) {
  const auto& softmax = *problem.op.as<Softmax>();
  const AxisSplit split = split_at(problem.inputs[0].shape, softmax.axis);
  const LineThreads threads = line_threads(split);
  const std::string loop = fmt::format("  for (int k = row; k < {}; k += {}) ", split.size, threads.rows);
  const std::string element = fmt::format("x[base + (long long)k * {}]", split.inner);
  const std::string body =
      line_begin(split) + shared_parts(threads, "float") +
      fmt::format(R"(
  float best = -INFINITY_F, sum = 0;
{0}best = larger(best, load({1}));
  best = {4};
{0}sum += expf(load({1}) - best);
  sum = {5};
  if (!inside) return;
{0}store(y[base + (long long)k * {2}], {3});
)",
                  loop, element, split.inner,
                  softmax.log ? fmt::format("load({}) - best - logf(sum)", element)
                              : fmt::format("expf(load({}) - best) / sum", element),
                  across(threads, "best", kLarger), across(threads, "sum", "[](float a, float b) { return a + b; }"));
  const char* type = device_type_name(stored(problem.inputs[0].dtype, storage));
  return {{line_kernel(split, threads, fmt::format("const {0}* x, {0}* y", type), body),
           {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

const char* refuse_arg_reduce(const Problem& problem) {
  const DType type = problem.inputs[0].dtype;
  return is_float(type) || is_int(type) ? nullptr : "the elements are no numbers";
}

Emission emit_arg_reduce(const Problem& problem, DType storage) {
  const auto& arg = *problem.op.as<ArgReduce>();
  const AxisSplit split = split_at(problem.inputs[0].shape, arg.axis);
  if (split.size == 0) fail(Code::kInvalidArgument, "arg_{} along an axis without elements", enum_name(arg.fn));
  const LineThreads threads = line_threads(split);
  const DType type = stored(problem.inputs[0].dtype, storage);
  const std::string body =
      line_begin(split) + fmt::format("  struct Found {{ {} value; long long at; }};\n", value_type(type)) +
      shared_parts(threads, "Found") +
      fmt::format(R"(
  const auto beats = []({value} a, {value} b) {{ return a != a ? b == b : a {less} b; }};
  const auto better = [&](Found a, Found b) {{
    if (b.at < 0 || a.at < 0) return b.at < 0 ? a : b;
    if (beats(a.value, b.value)) return a;
    if (beats(b.value, a.value)) return b;
    return (a.at < b.at) == {first} ? a : b;
  }};
  Found best = {{0, -1}};
  for (int k = row; k < {size}; k += {rows}) best = better(best, Found{{load(x[base + (long long)k * {inner}]), k}});
  best = {across};
  if (inside && row == 0) y[line] = best.at;
)",
                  fmt::arg("value", value_type(type)), fmt::arg("across", across(threads, "best", "better")),
                  fmt::arg("less", arg.fn == ArgFn::kMax ? ">" : "<"), fmt::arg("first", !arg.select_last),
                  fmt::arg("size", split.size), fmt::arg("rows", threads.rows), fmt::arg("inner", split.inner));
  return {{line_kernel(split, threads, fmt::format("const {}* x, long long* y", device_type_name(type)), body),
           {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

struct Accumulation {
  std::string begin, term, combine, result;  // of `v`; of `a` and `b`; of `sum`
};

Accumulation accumulation(ReduceFn fn, DType type, int64_t count) {
  const bool real = is_float(type);
  const std::string least = real                  ? "-INFINITY_F"
                            : type == DType::kI64 ? "(-9223372036854775807LL - 1)"
                                                  : "-2147483648LL";
  const std::string most = real ? "INFINITY_F" : type == DType::kI64 ? "9223372036854775807LL" : "2147483647LL";
  const std::string add = "a + b", many = std::to_string(std::max<int64_t>(count, real ? 0 : 1));
  switch (fn) {
    case ReduceFn::kMean: return {"0", "v", add, "sum / " + many + (real ? ".0f" : "")};
    case ReduceFn::kProd: return {"1", "v", "a * b", "sum"};
    case ReduceFn::kMin: return {most, "v", "a < b || a != a ? a : b", "sum"};
    case ReduceFn::kMax: return {least, "v", "a > b || a != a ? a : b", "sum"};
    case ReduceFn::kL1: return {"0", "(v < 0 ? -v : v)", add, "sum"};
    case ReduceFn::kL2: return {"0", "v * v", add, "sqrtf(sum)"};
    case ReduceFn::kSumSquare: return {"0", "v * v", add, "sum"};
    case ReduceFn::kLogSum: return {"0", "v", add, "logf(sum)"};
    case ReduceFn::kLogSumExp: return {"0", "expf(v - top)", add, "top + logf(sum)"};
    default: return {"0", "v", add, "sum"};
  }
}

const char* refuse_reduce(const Problem& problem) {
  const auto& reduce = *problem.op.as<Reduce>();
  if (has_input(problem, 1)) return "the axes are data";
  if (reduce.axes.empty() && reduce.empty_is_identity) return "nothing is reduced";
  if (is_float(problem.inputs[0].dtype)) return nullptr;
  if (!is_int(problem.inputs[0].dtype)) return "the elements are no numbers";
  const bool leaves = reduce.fn == ReduceFn::kL2 || reduce.fn == ReduceFn::kLogSum || reduce.fn == ReduceFn::kLogSumExp;
  return leaves ? "a function of integers" : nullptr;
}

struct StridedAxis {
  int64_t size, stride;
};

// C++ of a function from a number to the offset of that element in row-major order of the axes.
std::string offset_function(const char* name, const std::vector<StridedAxis>& axes) {
  std::string text = fmt::format("  const auto {} = [](long long i) {{\n    long long at = 0;\n", name);
  for (size_t i = axes.size(); i-- > 0;) {
    text += i == 0 ? fmt::format("    at += i * {};\n", axes[i].stride)
                   : fmt::format("    at += i % {} * {}; i /= {};\n", axes[i].size, axes[i].stride, axes[i].size);
  }
  return text + "    return at;\n  };\n";
}

Emission emit_reduce(const Problem& problem, DType storage) {
  const auto& reduce = *problem.op.as<Reduce>();
  const Shape& shape = problem.inputs[0].shape;
  const DType type = stored(problem.inputs[0].dtype, storage);
  std::vector<bool> reduced(shape.size(), reduce.axes.empty());
  for (const int64_t axis : reduce.axes) {
    reduced[static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(shape.size())))] = true;
  }
  std::vector<StridedAxis> kept, gone;
  AxisSplit split;
  int64_t stride = element_count(shape), lines = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    stride = shape[i] == 0 ? 0 : stride / shape[i];
    (reduced[i] ? gone : kept).push_back({shape[i], stride});
    (reduced[i] ? split.size : lines) *= shape[i];
  }
  (shape.empty() || reduced.back() ? split.outer : split.inner) = lines;
  const LineThreads threads = line_threads(split);
  const Accumulation how = accumulation(reduce.fn, type, split.size);
  const char* value = value_type(type);
  const std::string loop = fmt::format("  for (long long k = row; k < {}; k += {}) ", split.size, threads.rows);
  std::string top;  // the largest, or 0 where it is infinite
  if (reduce.fn == ReduceFn::kLogSumExp) {
    top = fmt::format(R"(
  float top = -INFINITY_F;
{}top = larger(top, load(x[base + term(k)]));
  top = {};
  if (top - top != 0.0f) top = 0.0f;
)",
                      loop, across(threads, "top", kLarger));
  }
  const std::string body =
      offset_function("place", kept) + offset_function("term", gone) + "  const long long base = place(line);\n" +
      shared_parts(threads, value) + top +
      fmt::format(R"(
  const auto combine = []({value} a, {value} b) {{ return {combine}; }};
  {value} sum = {begin};
{loop}{{
    const {value} v = load(x[base + term(k)]);
    sum = combine(sum, {term});
  }}
  sum = {across};
  if (inside && row == 0) store(y[line], {result});
)",
                  fmt::arg("value", value), fmt::arg("across", across(threads, "sum", "combine")),
                  fmt::arg("combine", how.combine), fmt::arg("begin", how.begin), fmt::arg("loop", loop),
                  fmt::arg("term", how.term), fmt::arg("result", how.result));
  return {{line_kernel(split, threads, fmt::format("const {0}* x, {0}* y", device_type_name(type)), body),
           {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::vector<DeviceRow> line_rows() {
  return {{"cuda_softmax_lines", "softmax along any axis", {&Softmax::def}, refuse_softmax, emit_softmax},
          {"cuda_arg_reduce",
           "positions of the largest and smallest elements",
           {&ArgReduce::def},
           refuse_arg_reduce,
           emit_arg_reduce},
          {"cuda_reduce_lines",
           "reductions of every kind over any axes, and of integers",
           {&Reduce::def},
           refuse_reduce,
           emit_reduce}};
}

}  // namespace ingot::kernels::cuda
