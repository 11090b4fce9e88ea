#include "ops/einsum.h"

#include <algorithm>
#include <map>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int kEllipsis = -1;
constexpr int kFirstEllipsisAxis = 256;
constexpr int64_t kMaxRank = 64;

// Labels of one term; kEllipsis at most once.
std::vector<int> parse_term(std::string_view term) {
  std::vector<int> labels;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] == ' ') continue;
    if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
      labels.push_back(term[i]);
    } else if (term.substr(i, 3) == "..." && std::count(labels.begin(), labels.end(), kEllipsis) == 0) {
      labels.push_back(kEllipsis);
      i += 2;
    } else {
      fail(Code::kInvalidArgument, "einsum: \"{}\" is no list of labels", std::string(term));
    }
  }
  return labels;
}

std::vector<std::vector<int>> parse_operands(std::string_view text) {
  std::vector<std::vector<int>> operands;
  while (true) {
    const size_t comma = text.find(',');
    operands.push_back(parse_term(text.substr(0, comma)));
    if (comma == std::string_view::npos) return operands;
    text.remove_prefix(comma + 1);
  }
}

// Replaces the ellipsis by `count` axes, right-aligned so that the last one is the same for every operand.
void expand_ellipsis(std::vector<int>& labels, int64_t count) {
  const auto at = std::find(labels.begin(), labels.end(), kEllipsis);
  if (at == labels.end()) return;
  std::vector<int> axes;
  for (int64_t i = 0; i < count; ++i) axes.push_back(kFirstEllipsisAxis + static_cast<int>(kMaxRank - count + i));
  labels.insert(labels.erase(at), axes.begin(), axes.end());
}

std::vector<int> implicit_result(const std::vector<std::vector<int>>& operands) {
  std::map<int, int> counts;
  for (const auto& labels : operands) {
    for (const int label : labels) ++counts[label];
  }
  std::vector<int> result;
  if (counts.contains(kEllipsis)) result.push_back(kEllipsis);
  for (const auto& [label, count] : counts) {
    if (label != kEllipsis && count == 1) result.push_back(label);
  }
  return result;
}

// Every label, the result's first, with one size each and one stride per operand.
struct Loops {
  Shape sizes;
  std::vector<Shape> strides;  // [operand][label]
  int64_t result_rank = 0;
};

Loops loops_of(const EinsumLabels& labels, const std::vector<const Tensor*>& operands) {
  std::vector<int> order = labels.result;
  for (const auto& operand : labels.operands) {
    for (const int label : operand) {
      if (std::find(order.begin(), order.end(), label) == order.end()) order.push_back(label);
    }
  }
  const auto place = [&](int label) {
    return static_cast<size_t>(std::find(order.begin(), order.end(), label) - order.begin());
  };
  Loops loops{Shape(order.size(), 1), {}, static_cast<int64_t>(labels.result.size())};
  for (size_t i = 0; i < operands.size(); ++i) {
    for (size_t axis = 0; axis < labels.operands[i].size(); ++axis) {
      int64_t& size = loops.sizes[place(labels.operands[i][axis])];
      const int64_t own = operands[i]->shape()[axis];
      if (size != own && size != 1 && own != 1) {
        fail(Code::kInvalidArgument, "einsum: one label stands for the sizes {} and {}", size, own);
      }
      if (own != 1) size = own;
    }
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    loops.strides.emplace_back(order.size(), 0);
    const Shape own = row_major_strides(operands[i]->shape());
    for (size_t axis = 0; axis < own.size(); ++axis) {
      if (operands[i]->shape()[axis] != 1) loops.strides[i][place(labels.operands[i][axis])] += own[axis];
    }
  }
  return loops;
}

template <class Number>
void sum_products(const Loops& loops, const std::vector<std::vector<Number>>& operands, std::vector<Number>& y) {
  const size_t rank = loops.sizes.size();
  int64_t summed = 1;
  for (size_t i = static_cast<size_t>(loops.result_rank); i < rank; ++i) summed *= loops.sizes[i];
  std::vector<int64_t> offsets(operands.size(), 0);
  Shape index(rank, 0);
  for (Number& value : y) {
    value = 0;
    for (int64_t s = 0; s < summed; ++s) {
      Number product = 1;
      for (size_t i = 0; i < operands.size(); ++i) product *= operands[i][static_cast<size_t>(offsets[i])];
      value += product;
      for (size_t axis = rank; axis-- > 0;) {
        for (size_t i = 0; i < operands.size(); ++i) offsets[i] += loops.strides[i][axis];
        if (++index[axis] < loops.sizes[axis]) break;
        for (size_t i = 0; i < operands.size(); ++i) offsets[i] -= loops.strides[i][axis] * loops.sizes[axis];
        index[axis] = 0;
      }
    }
  }
}

}  // namespace

EinsumLabels parse_einsum(const std::string& equation, const std::vector<int64_t>& ranks) {
  const size_t arrow = equation.find("->");
  EinsumLabels labels;
  labels.operands = parse_operands(std::string_view(equation).substr(0, arrow));
  if (labels.operands.size() != ranks.size()) {
    fail(Code::kInvalidArgument, "einsum: \"{}\" has {} operands, got {}", equation, labels.operands.size(),
         ranks.size());
  }
  labels.result = arrow == std::string::npos ? implicit_result(labels.operands)
                                             : parse_term(std::string_view(equation).substr(arrow + 2));
  int64_t longest = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    auto& operand = labels.operands[i];
    const bool open = std::find(operand.begin(), operand.end(), kEllipsis) != operand.end();
    const int64_t named = static_cast<int64_t>(operand.size()) - (open ? 1 : 0);
    if (open ? ranks[i] < named : ranks[i] != named) {
      fail(Code::kInvalidArgument, "einsum: operand {} of \"{}\" has rank {}", i, equation, ranks[i]);
    }
    if (ranks[i] > kMaxRank) fail(Code::kInvalidArgument, "einsum of rank {}", ranks[i]);
    if (open) longest = std::max(longest, ranks[i] - named);
    expand_ellipsis(operand, ranks[i] - named);
  }
  expand_ellipsis(labels.result, longest);
  for (const int label : labels.result) {
    const bool known = std::any_of(labels.operands.begin(), labels.operands.end(), [&](const auto& operand) {
      return std::find(operand.begin(), operand.end(), label) != operand.end();
    });
    if (!known || std::count(labels.result.begin(), labels.result.end(), label) > 1) {
      fail(Code::kInvalidArgument, "einsum: a label of the result of \"{}\" is unknown or occurs twice", equation);
    }
  }
  return labels;
}

static void infer(const Einsum& einsum, InferContext& context) {
  std::vector<int64_t> ranks;
  const DType dtype = context.dtype(0);
  context.require(is_float(dtype) || is_int(dtype), "einsum of {} elements", dtype_name(dtype));
  for (size_t i = 0; i < context.input_count(); ++i) {
    const Fact& operand = context.input(i);
    context.require(operand.dtype() == dtype, "einsum of {} and {} elements", dtype_name(dtype),
                    dtype_name(operand.dtype()));
    if (!operand.has_rank()) return context.set_output(0, dtype, std::nullopt);
    ranks.push_back(operand.rank());
  }
  const EinsumLabels labels = parse_einsum(einsum.equation, ranks);
  std::map<int, Dim> sizes;
  for (size_t i = 0; i < ranks.size(); ++i) {
    for (size_t axis = 0; axis < labels.operands[i].size(); ++axis) {
      const Dim& size = (*context.shape(i))[axis];
      const auto [slot, added] = sizes.emplace(labels.operands[i][axis], size);
      if (!added) slot->second = Dim::broadcast(slot->second, size);
    }
  }
  DimShape shape;
  for (const int label : labels.result) shape.push_back(sizes.at(label));
  context.set_output(0, dtype, std::move(shape));
}

static void eval(const Einsum& einsum, EvalContext& context) {
  std::vector<int64_t> ranks;
  std::vector<const Tensor*> operands;
  for (size_t i = 0; i < context.input_count(); ++i) {
    operands.push_back(&context.tensor(i));
    ranks.push_back(operands.back()->rank());
  }
  const Loops loops = loops_of(parse_einsum(einsum.equation, ranks), operands);
  Tensor& result =
      context.output(0, operands.at(0)->dtype(), Shape(loops.sizes.begin(), loops.sizes.begin() + loops.result_rank));
  if (is_float(result.dtype())) {
    std::vector<std::vector<double>> values;
    for (const Tensor* operand : operands) values.push_back(to_doubles(*operand));
    std::vector<double> y(static_cast<size_t>(result.count()));
    sum_products(loops, values, y);
    return write_doubles(result, y);
  }
  std::vector<std::vector<uint64_t>> values;
  for (const Tensor* operand : operands) {
    const auto ints = to_ints(*operand);
    values.emplace_back(ints.begin(), ints.end());
  }
  std::vector<uint64_t> y(static_cast<size_t>(result.count()));
  sum_products(loops, values, y);
  write_ints(result, std::vector<int64_t>(y.begin(), y.end()));
}

const OpDef Einsum::def = define_op<Einsum, infer, eval>(
    {"einsum", "sum of products over the labels missing in the result", 1, -1, 1, kNoTraits, {2, 1}});

}  // namespace ingot
