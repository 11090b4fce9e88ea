#include "ops/unique.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

int three_way(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : a > b;
}

int compare_elements(const Tensor& x, int64_t i, int64_t j) {
  if (x.dtype() == DType::kString) {
    const int order = x.data<std::string>()[i].compare(x.data<std::string>()[j]);
    return order < 0 ? -1 : order > 0;
  }
  if (is_float(x.dtype())) return three_way(read_double(x, i), read_double(x, j));
  const int64_t a = read_int(x, i), b = read_int(x, j);
  if (x.dtype() == DType::kU64) return static_cast<uint64_t>(a) < static_cast<uint64_t>(b) ? -1 : a != b;
  return a < b ? -1 : a > b;
}

// Slices of x compared element by element in row-major order.
struct Slices {
  const Tensor& x;
  AxisSplit split;
  int compare(int64_t a, int64_t b) const {
    for (int64_t line = 0; line < split.lines(); ++line) {
      if (const int order = compare_elements(x, split.offset(line, a), split.offset(line, b))) return order;
    }
    return 0;
  }
};

struct Groups {
  std::vector<int64_t> first, count, member;  // per group; member: group of each slice
};

Groups group(const Slices& slices, bool sorted) {
  std::vector<int64_t> order(static_cast<size_t>(slices.split.size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return slices.compare(a, b) < 0; });
  Groups groups;
  groups.member.resize(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || slices.compare(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);  // the sort is stable: the first of its kind
      groups.count.push_back(0);
    }
    ++groups.count.back();
    groups.member[static_cast<size_t>(order[i])] = static_cast<int64_t>(groups.first.size()) - 1;
  }
  if (sorted) return groups;
  std::vector<int64_t> appearance(groups.first.size());
  std::iota(appearance.begin(), appearance.end(), 0);
  std::sort(appearance.begin(), appearance.end(), [&](int64_t a, int64_t b) {
    return groups.first[static_cast<size_t>(a)] < groups.first[static_cast<size_t>(b)];
  });
  Groups reordered = groups;
  std::vector<int64_t> renamed(appearance.size());
  for (size_t i = 0; i < appearance.size(); ++i) {
    const auto old = static_cast<size_t>(appearance[i]);
    reordered.first[i] = groups.first[old];
    reordered.count[i] = groups.count[old];
    renamed[old] = static_cast<int64_t>(i);
  }
  for (int64_t& member : reordered.member) member = renamed[static_cast<size_t>(member)];
  return reordered;
}

}  // namespace

static void infer(const Unique& unique, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor() && !is_complex(x.dtype()), "unique does not take {}", x.type.text());
  const Dim count = context.fresh_dim();
  std::optional<Dim> slices;
  if (unique.flatten) {
    context.set_output(0, x.dtype(), DimShape{count});
    if (x.has_rank()) slices = product(*x.shape);
  } else if (x.has_rank()) {
    DimShape shape = *x.shape;
    std::swap(shape[static_cast<size_t>(context.axis(unique.axis, 0))], *(slices = count));
    context.set_output(0, x.dtype(), std::move(shape));
  } else {
    context.set_output(0, x.dtype(), std::nullopt);
  }
  context.set_output(1, DType::kI64, DimShape{count});
  context.set_output(2, DType::kI64, DimShape{slices ? *slices : context.fresh_dim()});
  context.set_output(3, DType::kI64, DimShape{count});
}

static void eval(const Unique& unique, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const Slices slices{x, unique.flatten ? AxisSplit{1, x.count(), 1} : split_at(x.shape(), unique.axis)};
  const Groups groups = group(slices, unique.sorted);
  const auto count = static_cast<int64_t>(groups.first.size());
  Shape shape = unique.flatten ? Shape{count} : x.shape();
  if (!unique.flatten) shape[static_cast<size_t>(normalize_axis(unique.axis, x.rank()))] = count;
  Tensor& y = context.output(0, x.dtype(), shape);
  for (int64_t o = 0; o < slices.split.outer; ++o) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t from = (o * slices.split.size + groups.first[static_cast<size_t>(i)]) * slices.split.inner;
      copy_elements(x, from, y, (o * count + i) * slices.split.inner, slices.split.inner);
    }
  }
  const std::vector<int64_t>* lists[] = {&groups.first, &groups.member, &groups.count};
  for (size_t i = 0; i < 3; ++i) {
    Tensor& list = context.output(i + 1, DType::kI64, {static_cast<int64_t>(lists[i]->size())});
    std::copy(lists[i]->begin(), lists[i]->end(), list.mutable_data<int64_t>());
  }
}

const OpDef Unique::def = define_op<Unique, infer, eval>(
    {"unique", "the different slices, where each appears first, which one each slice is, and how often each appears", 1,
     1, 4});

}  // namespace ingot
