// Attention written out as softmax(q k^T * scale + mask) v, and the transposes of heads around it.
#include "ops/attention.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "ops/where.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

const Permutation kSwapHeads = {0, 2, 1, 3};

// What the scores are, from the softmax up.
struct Scores {
  ValueId q = kNoValue, k = kNoValue, mask = kNoValue;
  bool transposed_k = false;  // k is [b, h, d, t]
  double scale = 1;
};

// x * c or x / c for one number c: x, with c taken into `scale`. Other values as they are.
ValueId without_scale(const ir::Graph& graph, ValueId x, double& scale) {
  const auto binary = producer_as<Binary>(graph, x);
  if (!binary || (binary.op->fn != BinaryFn::kMul && binary.op->fn != BinaryFn::kDiv)) return x;
  const bool divides = binary.op->fn == BinaryFn::kDiv;
  for (const size_t side : {1, 0}) {
    if (divides && side == 0) continue;
    const auto factor = ir::splat_value(graph.constant(binary.input(side)));
    const ValueId rest = binary.input(1 - side);
    if (!factor || *factor == 0 || !same_shape(graph.fact(rest), graph.fact(x))) continue;
    scale *= divides ? 1 / *factor : *factor;
    return rest;
  }
  return x;
}

// The product under x, its scales and the mask added to it; nothing when x is no such product.
std::optional<Scores> scores_of(const ir::Graph& graph, ValueId x) {
  Scores scores;
  const auto sum = producer_as<Binary>(graph, x);
  if (sum && sum.op->fn == BinaryFn::kAdd) {
    for (const size_t side : {0, 1}) {
      double scale = 1;
      if (!producer_as<MatMul>(graph, without_scale(graph, sum.input(side), scale))) continue;
      if (!same_shape(graph.fact(sum.input(side)), graph.fact(x))) continue;
      x = sum.input(side);
      scores.mask = sum.input(1 - side);
      break;
    }
  }
  const auto product = producer_as<MatMul>(graph, without_scale(graph, x, scores.scale));
  if (!product || product.op->trans_a || !product.op->epilogue.empty() || product.input(2) != kNoValue) return {};
  scores.scale *= product.op->alpha;
  scores.transposed_k = !product.op->trans_b;
  scores.q = without_scale(graph, product.input(0), scores.scale);
  scores.k = without_scale(graph, product.input(1), scores.scale);
  return scores;
}

const char* refuse_types(const ir::Graph& graph, const Scores& scores, ValueId v) {
  for (const ValueId id : {scores.q, scores.k, v}) {
    const Fact& fact = graph.fact(id);
    if (fact.dtype() != DType::kF32) return "elements other than f32";
    if (!fact.has_rank() || fact.rank() != 4) return "operands that are not [batch, heads, length, size]";
  }
  const DimShape &q = *graph.fact(scores.q).shape, &k = *graph.fact(scores.k).shape, &values = *graph.fact(v).shape;
  if (!(q[0] == k[0] && k[0] == values[0] && q[1] == k[1] && k[1] == values[1])) {
    return "batches or heads that broadcast";
  }
  if (scores.scale == 0) return "a scale of zero";
  return nullptr;
}

const char* refuse_mask(const ir::Graph& graph, ValueId mask, const Dim& keys) {
  if (mask == kNoValue) return nullptr;
  const Fact& fact = graph.fact(mask);
  if (fact.dtype() != DType::kF32 || !fact.has_rank() || fact.rank() > 4) return "a mask of another type or rank";
  // The operator reads a mask that is too short as hiding the rest; one that broadcasts it must be sure of.
  if (fact.rank() > 0 && !(fact.shape->back() == Dim(1)) && !(fact.shape->back() == keys)) {
    return "a mask whose length may differ from the keys'";
  }
  return nullptr;
}

ir::Outcome written_out(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  const auto* product = node.op.as<MatMul>();
  if (product == nullptr || !run.target().attention) return ir::no_match;
  const auto softmax = producer_as<Softmax>(graph, node.inputs[0]);
  if (!softmax || softmax.op->log) return ir::no_match;
  const auto scores = scores_of(graph, softmax.input(0));
  if (!scores) return ir::no_match;
  const ValueId v = node.inputs[1];
  if (product->trans_a || product->trans_b || product->alpha != 1 || !product->epilogue.empty() ||
      input_or_none(node, 2) != kNoValue) {
    return ir::refused("the product with the values does more");
  }
  if (softmax.op->axis != -1 && softmax.op->axis != 3) return ir::refused("the softmax is not over the keys");
  if (graph.sole_user(node.inputs[0]) != id || graph.sole_user(softmax.input(0)) < 0) {
    return ir::refused("the scores are used elsewhere");
  }
  if (const char* reason = refuse_types(graph, *scores, v)) return ir::refused(reason);
  if (const char* reason = refuse_mask(graph, scores->mask, (*graph.fact(v).shape)[2])) return ir::refused(reason);
  ir::Patch patch(graph);
  const ValueId k = scores->transposed_k ? patch.add(Transpose{{0, 1, 3, 2}}, {scores->k}) : scores->k;
  Attention attention;
  attention.scale = scores->scale;
  std::vector<ValueId> inputs{scores->q, k, v};
  if (scores->mask != kNoValue) inputs.push_back(scores->mask);
  patch.replace(node.outputs[0], patch.add(attention, std::move(inputs)));
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
  return {
      "recognise_attention",
      "attention that was written out is one operator, which reads and writes heads where they lie",
      "before channels_last and epilogues, which would take its scale and mask; cancel_movement follows",
      {{"written_out", written_out}, {"heads_in_place", heads_in_place}, {"scale_before_heads", scale_before_heads}}};
}

}  // namespace ingot::passes
