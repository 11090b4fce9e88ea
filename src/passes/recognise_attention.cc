// Attention written out as softmax(q k^T * scale + mask) v, and the transposes of heads around it.
#include <numeric>

#include "ops/attention.h"
#include "ops/expand.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "ops/tile.h"
#include "ops/transpose.h"
#include "ops/where.h"
#include "passes/attention_scores.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

const Permutation kSwapHeads = {0, 2, 1, 3};

// The softmax under the probabilities, and whether a guard makes NaN in them 0.
struct Probabilities {
  Producer<Softmax> softmax;
  ValueId value = kNoValue;  // the softmax's result
  bool nan_is_zero = false;
};

Probabilities probabilities_of(const ir::Graph& graph, ValueId p) {
  if (const auto guard = producer_as<Where>(graph, p); guard && is_all(graph, guard.input(1), 0)) {
    const auto test = producer_as<Unary>(graph, guard.input(0));
    const ValueId inner = guard.input(2);
    const bool plain = test && test.op->fn == UnaryFn::kIsNan && test.input(0) == inner;
    if (plain && graph.users(inner).size() == 2 && !graph.is_output(inner) && graph.users(guard.input(0)).size() == 1) {
      return {producer_as<Softmax>(graph, inner), inner, true};
    }
  }
  return {producer_as<Softmax>(graph, p), p, false};
}

const char* refuse_operands(const ir::Graph& graph, const Scores& scores, ValueId v) {
  const Fact& first = graph.fact(scores.q);
  for (const ValueId id : {scores.q, scores.k, v}) {
    const Fact& fact = graph.fact(id);
    if (fact.dtype() != DType::kF32) return "elements other than f32";
    if (!fact.has_rank() || fact.rank() < 3 || fact.rank() > 4 || fact.rank() != first.rank()) {
      return "operands that are not [batch, heads, length, size]";
    }
  }
  const DimShape &q = *graph.fact(scores.q).shape, &k = *graph.fact(scores.k).shape, &values = *graph.fact(v).shape;
  const bool shared = q.size() == 4 && k[1] == Dim(1);
  if (!(q[0] == k[0] && k[0] == values[0])) return "batches or heads that broadcast";
  if (q.size() == 4 && !(k[1] == values[1] && (shared || q[1] == k[1]))) return "batches or heads that broadcast";
  return scores.scale == 0 ? "a scale of zero" : nullptr;
}

const char* refuse_mask(const ir::Patch& patch, ValueId mask, int64_t rank, const Dim& keys) {
  if (mask == kNoValue) return nullptr;
  const Fact& fact = patch.fact(mask);
  const bool typed = fact.dtype() == DType::kF32 || fact.dtype() == DType::kBool;
  if (!typed || !fact.has_rank() || fact.rank() > rank) return "a mask of another type or rank";
  // The operator reads a mask that is too short as hiding the rest; one that broadcasts it must be sure of.
  if (fact.rank() > 0 && !(fact.shape->back() == Dim(1)) && !(fact.shape->back() == keys)) {
    return "a mask whose length may differ from the keys'";
  }
  return nullptr;
}

// [b, s, d] as [b, 1, s, d]; ranks other than 3 as they are.
ValueId with_heads(ir::Patch& patch, ValueId id) {
  if (id == kNoValue || patch.fact(id).rank() != 3) return id;
  DimShape shape = *patch.fact(id).shape;
  shape.insert(shape.begin() + 1, Dim(1));
  return patch.add(Reshape{std::move(shape), true}, {id});
}

ir::Outcome written_out(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* product = node.op.as<MatMul>();
  if (product == nullptr || !run.target().attention) return ir::no_match;
  const Probabilities p = probabilities_of(graph, node.inputs[0]);
  if (!p.softmax || p.softmax.op->log) return ir::no_match;
  ir::Patch patch(graph);
  const char* why = nullptr;
  const auto scores = scores_of(graph, p.softmax.input(0), patch, why);
  if (!scores) return why != nullptr ? ir::refused(why) : ir::no_match;
  const ValueId v = node.inputs[1];
  if (product->trans_a || product->trans_b || product->alpha != 1 || !product->epilogue.empty() ||
      input_or_none(node, 2) != kNoValue) {
    return ir::refused("the product with the values does more");
  }
  if (graph.sole_user(node.inputs[0]) != id || graph.sole_user(p.softmax.input(0)) < 0) {
    return ir::refused("the scores are used elsewhere");
  }
  if (const char* reason = refuse_operands(graph, *scores, v)) return ir::refused(reason);
  const DimShape& values = *graph.fact(v).shape;
  const auto rank = static_cast<int64_t>(values.size());
  if (p.softmax.op->axis != -1 && p.softmax.op->axis != rank - 1)
    return ir::refused("the softmax is not over the keys");
  if (const char* reason = refuse_mask(patch, scores->mask, rank, values[values.size() - 2])) {
    return ir::refused(reason);
  }
  Permutation swap(static_cast<size_t>(rank));
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[swap.size() - 1], swap[swap.size() - 2]);
  const ValueId k = scores->transposed_k ? patch.add(Transpose{swap}, {scores->k}) : scores->k;
  Attention attention;
  attention.scale = scores->scale;
  attention.nan_is_zero = p.nan_is_zero;
  std::vector<ValueId> inputs{scores->q, k, v};
  if (scores->mask != kNoValue) inputs.push_back(scores->mask);
  for (ValueId& input : inputs) input = rank == 3 ? with_heads(patch, input) : input;
  ValueId result = patch.add(attention, std::move(inputs));
  if (rank == 3) {
    const DimShape& shape = *patch.fact(result).shape;
    result = patch.add(Reshape{{shape[0], shape[2], shape[3]}, true}, {result});
  }
  patch.replace(node.outputs[0], result);
  return patch;
}

// Keys or values whose heads are repeated, [b, heads * times, t, d], as [b, heads, t, d]; kNoValue where they are not.
ValueId not_repeated(const ir::Graph& graph, ir::Patch& patch, ValueId id) {
  const auto permutation = transposed_by(graph, id);
  const bool swapped = permutation && *permutation == kSwapHeads;
  const size_t heads = swapped ? 2 : 1;
  const auto joined = producer_as<Reshape>(graph, swapped ? graph.producer(id)->inputs[0] : id);
  if (!joined) return kNoValue;
  const ir::Node* repeat = graph.producer(joined.input(0));
  if (repeat == nullptr || !(repeat->op.is<Expand>() || repeat->op.is<Tile>())) return kNoValue;
  const Fact &from = graph.fact(repeat->inputs[0]), &to = graph.fact(joined.input(0));
  if (!from.shape || !to.shape || from.rank() != 5 || to.rank() != 5) return kNoValue;
  DimShape expected = *to.shape, result = *to.shape;
  expected[heads + 1] = Dim(1);
  result[heads] = result[heads] * result[heads + 1];
  result.erase(result.begin() + static_cast<int64_t>(heads) + 1);
  if (*from.shape != expected || *graph.fact(joined.node->outputs[0]).shape != result) return kNoValue;
  result[heads] = (*from.shape)[heads];
  const ValueId plain = patch.add(Reshape{std::move(result), true}, {repeat->inputs[0]});
  return swapped ? patch.add(Transpose{kSwapHeads}, {plain}) : plain;
}

// Query heads that share keys and values read them where they lie, not repeated.
ir::Outcome shared_heads(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Attention>();
  if (op == nullptr || op->output_count > 1 || !run.target().attention) return ir::no_match;
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = node.inputs;
  for (const size_t i : {1, 2}) {
    inputs[i] = not_repeated(graph, patch, inputs[i]);
    if (inputs[i] == kNoValue) return ir::no_match;
  }
  if (!(*patch.fact(inputs[1]).shape)[1].constant() || !(*graph.fact(inputs[0]).shape)[1].constant()) {
    return ir::refused("the number of heads is known only when it runs");
  }
  patch.replace(node.outputs[0], patch.add(*op, std::move(inputs)));
  return patch;
}

// [b, s, h, d] as [b, s, h*d] under a transpose of heads that gives `id`; kNoValue where it is none.
ValueId side_by_side(const ir::Graph& graph, ir::Patch& patch, ValueId id) {
  const auto permutation = transposed_by(graph, id);
  if (!permutation || *permutation != kSwapHeads) return kNoValue;
  const ValueId x = graph.producer(id)->inputs[0];
  const DimShape& shape = *graph.fact(x).shape;
  return patch.add(Reshape{{shape[0], shape[1], shape[2] * shape[3]}, true}, {x});
}

// Heads that are transposed before or after are read and written where they lie.
ir::Outcome heads_in_place(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Attention>();
  if (op == nullptr || op->output_count > 1 || !run.target().attention) return ir::no_match;
  if (graph.fact(node.outputs[0]).rank() != 4) return ir::no_match;
  const DimShape& y = *graph.fact(node.outputs[0]).shape;
  const Fact &q = graph.fact(node.inputs[0]), &k = graph.fact(node.inputs[1]);
  if (!k.has_rank() || k.rank() != 4) return ir::no_match;
  const auto q_heads = (*q.shape)[1].constant(), kv_heads = (*k.shape)[1].constant();
  Attention attention = *op;
  std::vector<ValueId> inputs = node.inputs;
  ir::Patch patch(graph);
  for (size_t i = 0; i < 3; ++i) inputs[i] = side_by_side(graph, patch, node.inputs[i]);
  if (inputs[0] == kNoValue || inputs[1] == kNoValue || inputs[2] == kNoValue) return ir::no_match;
  if (!q_heads || !kv_heads) return ir::refused("the number of heads is known only when it runs");
  if (!all_bound(y, bound_symbols(graph, node, 3))) return ir::refused("a size is known only when it runs");
  attention.q_heads = *q_heads;
  attention.kv_heads = *kv_heads;
  const ValueId wide = patch.add(attention, std::move(inputs));
  const ValueId split = patch.add(Reshape{{y[0], y[2], y[1], y[3]}, true}, {wide});
  patch.replace(node.outputs[0], patch.add(Transpose{kSwapHeads}, {split}));
  return patch;
}

// q or k that is scaled by one number before heads are split or transposed: the number goes into the scale.
ir::Outcome scale_before_heads(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* op = node.op.as<Attention>();
  if (op == nullptr || op->output_count > 1 || op->scale == 0 || !run.target().attention) return ir::no_match;
  for (const size_t side : {0, 1}) {
    std::vector<const ir::Node*> moves;
    ValueId x = node.inputs[side];
    for (const ir::Node* each = graph.producer(x);
         each != nullptr && each->inputs.size() == 1 && (each->op.is<Transpose>() || each->op.is<Reshape>()) &&
         graph.sole_user(x) >= 0;
         each = graph.producer(x)) {
      moves.push_back(each);
      x = each->inputs[0];
    }
    Attention attention = *op;
    const ValueId unscaled = without_scale(graph, x, attention.scale);
    if (unscaled == x) continue;
    ir::Patch patch(graph);
    std::vector<ValueId> inputs = node.inputs;
    inputs[side] = unscaled;
    for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
      inputs[side] = patch.add((*move)->op, {inputs[side]});
    }
    patch.replace(node.outputs[0], patch.add(attention, std::move(inputs)));
    return patch;
  }
  return ir::no_match;
}

}  // namespace

Pass recognise_attention() {
  return {"recognise_attention",
          "attention that was written out is one operator, which reads and writes heads where they lie",
          "before channels_last and epilogues, which would take its scale and mask; cancel_movement follows",
          {{"written_out", written_out},
           {"shared_heads", shared_heads},
           {"heads_in_place", heads_in_place},
           {"scale_before_heads", scale_before_heads}}};
}

}  // namespace ingot::passes
