#include "onnx/convert/einsum_lowering.h"

#include <algorithm>
#include <map>
#include <set>

#include "onnx/convert/emit.h"
#include "ops/einsum.h"
#include "ops/fused.h"
#include "ops/matmul.h"

namespace ingot::onnx {
namespace {

using Labels = std::vector<int>;

bool contains(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

bool has_repeats(const Labels& labels) { return std::set<int>(labels.begin(), labels.end()).size() != labels.size(); }

// Sums over the labels that `keep` refuses and drops them.
template <class Keep> ir::ValueId sum_out(Conversion& c, ir::ValueId x, Labels& labels, Keep&& keep) {
  std::vector<int64_t> axes;
  Labels kept;
  for (size_t i = 0; i < labels.size(); ++i) {
    keep(labels[i]) ? kept.push_back(labels[i]) : axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty()) return x;
  labels = std::move(kept);
  return emit_reduce(c, ReduceFn::kSum, x, std::move(axes), false);
}

ir::ValueId arrange(Conversion& c, ir::ValueId x, const Labels& from, const Labels& to) {
  std::vector<int64_t> permutation;
  for (const int label : to) permutation.push_back(std::find(from.begin(), from.end(), label) - from.begin());
  return emit_transpose(c, x, std::move(permutation));
}

Labels join(std::initializer_list<Labels> lists) {
  Labels all;
  for (const Labels& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

// Sizes of labels; false when an axis is broadcast (1 against another size).
bool collect_sizes(Conversion& c, ir::ValueId x, const Labels& labels, std::map<int, Dim>& sizes) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const Dim& size = shape_of(c, x)[i];
    const auto [slot, added] = sizes.emplace(labels[i], size);
    if (added || slot->second == size) continue;
    if (slot->second.is(1) || size.is(1)) return false;
    if (size.is_constant()) slot->second = size;
  }
  return true;
}

ir::ValueId lower_pair(Conversion& c, ir::ValueId a, ir::ValueId b, Labels a_labels, Labels b_labels,
                       const Labels& result, const std::map<int, Dim>& sizes) {
  a = sum_out(c, a, a_labels, [&](int label) { return contains(result, label) || contains(b_labels, label); });
  b = sum_out(c, b, b_labels, [&](int label) { return contains(result, label) || contains(a_labels, label); });
  Labels batch, rows, columns, inner;
  for (const int label : result) {
    const bool in_a = contains(a_labels, label), in_b = contains(b_labels, label);
    (in_a && in_b ? batch : in_a ? rows : columns).push_back(label);
  }
  for (const int label : a_labels) {
    if (!contains(result, label)) inner.push_back(label);
  }
  const auto size_of = [&](const Labels& labels) {
    DimShape shape;
    for (const int label : labels) shape.push_back(sizes.at(label));
    return shape;
  };
  const auto matrices = [&](ir::ValueId x, const Labels& from, const Labels& first, const Labels& second) {
    DimShape shape = size_of(batch);
    shape.push_back(product(size_of(first)));
    shape.push_back(product(size_of(second)));
    return emit_reshape(c, arrange(c, x, from, join({batch, first, second})), std::move(shape));
  };
  const ir::ValueId y = c.add(MatMul{}, {matrices(a, a_labels, rows, inner), matrices(b, b_labels, inner, columns)});
  const Labels order = join({batch, rows, columns});
  return arrange(c, emit_reshape(c, y, size_of(order)), order, result);
}

}  // namespace

ir::ValueId lower_einsum(Conversion& c, const std::string& equation, const std::vector<ir::ValueId>& operands) {
  std::vector<int64_t> ranks;
  bool lowers = operands.size() == 1 || operands.size() == 2;
  for (const ir::ValueId operand : operands) {
    lowers = lowers && operand != ir::kNoValue && c.fact(operand).has_rank();
    if (lowers) ranks.push_back(c.fact(operand).rank());
  }
  if (!lowers) return c.add(Einsum{equation}, operands);
  const EinsumLabels labels = parse_einsum(equation, ranks);
  std::map<int, Dim> sizes;
  for (size_t i = 0; i < operands.size(); ++i) {
    lowers = lowers && !has_repeats(labels.operands[i]) && collect_sizes(c, operands[i], labels.operands[i], sizes);
  }
  if (!lowers) return c.add(Einsum{equation}, operands);
  if (operands.size() == 2) {
    return lower_pair(c, operands[0], operands[1], labels.operands[0], labels.operands[1], labels.result, sizes);
  }
  Labels own = labels.operands[0];
  const ir::ValueId x = sum_out(c, operands[0], own, [&](int label) { return contains(labels.result, label); });
  return arrange(c, x, own, labels.result);
}

}  // namespace ingot::onnx
