#include "passes/permute.h"

#include <algorithm>
#include <numeric>

#include "ops/arg_reduce.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/group_norm.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "passes/reshape_groups.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

size_t at(int64_t axis, size_t rank) { return static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(rank))); }

// Brings one operand of a pointwise operator of rank `p.size()` into the order before the transpose.
class Operands {
 public:
  Operands(const ir::Graph& graph, ir::Patch& patch, const Permutation& p, OtherOperands others)
      : graph_(graph), patch_(patch), p_(p), others_(others) {}

  std::optional<ValueId> before(ValueId id) {
    if (id == kNoValue) return id;
    const Fact& fact = graph_.fact(id);
    if (transposed_by(graph_, id) == p_) return graph_.producer(id)->inputs[0];
    if (!fact.shape || fact.shape->size() > p_.size()) return std::nullopt;
    const bool single = std::all_of(fact.shape->begin(), fact.shape->end(), [](const Dim& d) { return d.is(1); });
    if (single) return id;
    DimShape full(p_.size() - fact.shape->size(), Dim(1));
    full.insert(full.end(), fact.shape->begin(), fact.shape->end());
    const Permutation back = inverse(p_);
    DimShape turned;
    for (const int64_t axis : back) turned.push_back(full[static_cast<size_t>(axis)]);
    if (keeps_order(back, full)) {
      if (turned == *fact.shape) return id;
      return all_constant_or_own(turned) ? std::optional(patch_.add(Reshape{turned, true}, {id})) : std::nullopt;
    }
    if (graph_.constant(id) == nullptr && others_ == OtherOperands::kOnlyFree) return std::nullopt;
    ValueId whole = id;
    if (full.size() != fact.shape->size()) {
      if (!all_constant_or_own(full)) return std::nullopt;
      whole = patch_.add(Reshape{full, true}, {id});
    }
    return patch_.add(Transpose{back}, {whole});
  }

 private:
  // The sizes are the operand's own, so its symbols are known when the reshape runs unless they are expressions.
  static bool all_constant_or_own(const DimShape& dims) {
    return std::all_of(dims.begin(), dims.end(),
                       [](const Dim& dim) { return dim.is_constant() || !dim.symbol_name().empty(); });
  }
  const ir::Graph& graph_;
  ir::Patch& patch_;
  const Permutation& p_;
  OtherOperands others_;
};

// Axes of the data operand become p[axis]; the result keeps the permutation.
template <class T> Op with_axis(const T& fields, const Permutation& p) {
  T turned = fields;
  turned.axis = p[at(fields.axis, p.size())];
  return turned;
}

// What is left of `p` when `axes` (of the transposed side) vanish.
Permutation without_axes(const Permutation& p, const std::vector<int64_t>& axes) {
  std::vector<int64_t> kept;
  for (size_t i = 0; i < p.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) == axes.end()) kept.push_back(p[i]);
  }
  Permutation result;
  for (const int64_t axis : kept) {
    result.push_back(std::count_if(kept.begin(), kept.end(), [&](int64_t other) { return other < axis; }));
  }
  return result;
}

struct Turned {
  Op op;
  Permutation result;
};

std::optional<Turned> turn_reduce(const Reduce& reduce, const Permutation& p) {
  Reduce turned = reduce;
  std::vector<int64_t> axes;
  for (const int64_t axis : reduce.axes) axes.push_back(static_cast<int64_t>(at(axis, p.size())));
  if (reduce.axes.empty() && !reduce.empty_is_identity) {
    axes.resize(p.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  turned.axes.clear();
  for (const int64_t axis : axes) turned.axes.push_back(p[static_cast<size_t>(axis)]);
  std::sort(turned.axes.begin(), turned.axes.end());
  return Turned{turned, reduce.keepdims ? p : without_axes(p, axes)};
}

Turned turn_slice(const Slice& slice, const Permutation& p) {
  Slice turned = slice;
  turned.axes.clear();
  for (size_t i = 0; i < slice.starts.size(); ++i) {
    const int64_t axis = slice.axes.empty() ? static_cast<int64_t>(i) : slice.axes[i];
    turned.axes.push_back(p[at(axis, p.size())]);
  }
  return {turned, p};
}

std::optional<Turned> turn_pad(const Pad& pad, const Permutation& p) {
  if (pad.pads.size() != 2 * p.size()) return std::nullopt;
  Pad turned = pad;
  for (size_t i = 0; i < p.size(); ++i) {
    const auto axis = static_cast<size_t>(p[i]);
    turned.pads[axis] = pad.pads[i];
    turned.pads[axis + p.size()] = pad.pads[i + p.size()];
  }
  return Turned{turned, p};
}

Turned turn_resize(const Resize& resize, const Permutation& p) {
  Resize turned = resize;
  turned.axes.clear();
  const size_t count = resize.axes.empty() ? p.size() : resize.axes.size();
  for (size_t i = 0; i < count; ++i) {
    const int64_t axis = resize.axes.empty() ? static_cast<int64_t>(i) : resize.axes[i];
    turned.axes.push_back(p[at(axis, p.size())]);
  }
  return {turned, p};
}

// Operators that are told where the channels are.
template <class T> std::optional<Turned> turn_channels(const T& fields, const Permutation& p) {
  const auto rank = static_cast<int64_t>(p.size());
  if (rank < 3 || p != (fields.channels_last ? to_channels_last(rank) : to_channels_first(rank))) return std::nullopt;
  T turned = fields;
  turned.channels_last = !fields.channels_last;
  return Turned{turned, p};
}

// Operators of one data operand, whose other operands (indices, scales, values) are not permuted.
std::optional<Turned> turn_single(const ir::Graph& graph, const ir::Node& node, const Permutation& p) {
  const Op& op = node.op;
  const bool alone = node.inputs.size() == 1;
  if (const auto* each = op.as<Softmax>()) return Turned{with_axis(*each, p), p};
  if (const auto* each = op.as<Reduce>(); each && alone) return turn_reduce(*each, p);
  if (const auto* each = op.as<ArgReduce>()) {
    const Permutation rest = without_axes(p, {static_cast<int64_t>(at(each->axis, p.size()))});
    return Turned{with_axis(*each, p), each->keepdims ? p : rest};
  }
  if (const auto* each = op.as<Slice>(); each && alone) return turn_slice(*each, p);
  if (const auto* each = op.as<Pad>(); each && (alone || node.inputs[1] == kNoValue)) return turn_pad(*each, p);
  if (const auto* each = op.as<Resize>()) return turn_resize(*each, p);
  if (const auto* each = op.as<Pool>(); each && !each->with_indices) return turn_channels(*each, p);
  if (const auto* each = op.as<GroupNorm>()) return turn_channels(*each, p);
  if (const auto* each = op.as<Gather>()) {
    const Fact& indices = graph.fact(node.inputs[1]);
    if (indices.has_rank() && indices.rank() == 1) return Turned{with_axis(*each, p), p};
  }
  return std::nullopt;
}

}  // namespace

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) {
    result[static_cast<size_t>(permutation[i])] = static_cast<int64_t>(i);
  }
  return result;
}

Permutation then(const Permutation& first, const Permutation& second) {
  Permutation both;
  for (const int64_t axis : second) both.push_back(first[static_cast<size_t>(axis)]);
  return both;
}

bool is_identity(const Permutation& permutation) {
  for (size_t i = 0; i < permutation.size(); ++i) {
    if (permutation[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

bool keeps_order(const Permutation& permutation, const DimShape& operand) {
  int64_t last = -1;
  for (const int64_t axis : permutation) {
    if (operand[static_cast<size_t>(axis)].is(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

Permutation to_channels_last(int64_t rank) {
  Permutation p{0};
  for (int64_t i = 2; i < rank; ++i) p.push_back(i);
  p.push_back(1);
  return p;
}
Permutation to_channels_first(int64_t rank) { return inverse(to_channels_last(rank)); }

std::optional<Permutation> permutation_of(const ir::Graph& graph, const ir::Node& node) {
  const auto* transpose = node.op.as<Transpose>();
  if (transpose == nullptr) return std::nullopt;
  if (!transpose->permutation.empty()) return transpose->permutation;
  const Fact& x = graph.fact(node.inputs[0]);
  if (!x.has_rank()) return std::nullopt;
  Permutation reversed(x.shape->size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return reversed;
}

std::optional<Permutation> transposed_by(const ir::Graph& graph, ir::ValueId id) {
  const ir::Node* node = graph.producer(id);
  return node == nullptr ? std::nullopt : permutation_of(graph, *node);
}

std::optional<Through> through_transpose(const ir::Graph& graph, const ir::Node& node, const Permutation& permutation,
                                         OtherOperands others, ir::Patch& patch, const char*& why) {
  why = nullptr;
  if (node.outputs.size() != 1 || node.inputs.empty()) return std::nullopt;
  Operands operands(graph, patch, permutation, others);
  if (const auto* reshape = node.op.as<Reshape>()) {
    if (node.inputs.size() != 1) return std::nullopt;
    auto turned = reshape_before(*graph.fact(node.inputs[0]).shape, reshape->shape, permutation);
    why = "the reshape joins axes that the transpose parts";
    const auto before = turned ? operands.before(node.inputs[0]) : std::nullopt;
    if (!before) return std::nullopt;
    return Through{Reshape{turned->shape, true}, {*before}, turned->permutation};
  }
  const auto* concat = node.op.as<Concat>();
  if (concat == nullptr && !node.op.has(kElementwise)) {
    auto turned = turn_single(graph, node, permutation);
    const auto before = turned ? operands.before(node.inputs[0]) : std::nullopt;
    if (!before) return std::nullopt;
    auto inputs = node.inputs;
    inputs[0] = *before;
    return Through{std::move(turned->op), std::move(inputs), std::move(turned->result)};
  }
  const Fact& result = graph.fact(node.outputs[0]);
  if (!result.has_rank() || result.shape->size() != permutation.size()) return std::nullopt;
  Through through{concat ? with_axis(*concat, permutation) : node.op, {}, permutation};
  why = "an operand would have to be transposed";
  for (const ValueId input : node.inputs) {
    const auto before = operands.before(input);
    if (!before) return std::nullopt;
    through.inputs.push_back(*before);
  }
  return through;
}

}  // namespace ingot::passes
