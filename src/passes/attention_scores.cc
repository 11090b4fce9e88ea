#include "passes/attention_scores.h"

#include <algorithm>
#include <cmath>

#include "ops/expand.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/where.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::ValueId;

constexpr size_t kMostMasks = 4;
// Adding any score to such a number gives the number: choosing it and adding it are the same.
constexpr double kSwallowsScores = -1e30;
// Far enough below every score to leave nothing of it, where a row has other scores.
constexpr double kFarBelow = -1e4;

// One thing done to the scores: `term` added, or `hidden` put where `condition` is false (true when `inverted`).
struct Layer {
  ValueId term = kNoValue;
  ValueId condition = kNoValue, hidden = kNoValue;
  bool inverted = false;
  DimShape windows;  // [batch, windows, heads, queries, keys] where the term is added to scores seen like that
};

// Whether every row of a constant condition has an element that is `shown`.
bool every_row_sees(const Tensor& condition, bool shown) {
  const int64_t keys = condition.rank() > 0 ? condition.dim(-1) : 1;
  const auto values = to_ints(condition);
  for (size_t row = 0; row < values.size(); row += static_cast<size_t>(keys)) {
    bool sees = false;
    for (size_t i = row; i < row + static_cast<size_t>(keys); ++i) sees = sees || (values[i] != 0) == shown;
    if (!sees) return false;
  }
  return true;
}

bool hides(const ir::Graph& graph, const Layer& layer) {
  const auto value = ir::splat_value(graph.constant(layer.hidden));
  if (!value || std::isnan(*value) || *value > kFarBelow) return false;
  const Tensor* condition = graph.constant(layer.condition);
  return *value <= kSwallowsScores || (condition != nullptr && every_row_sees(*condition, !layer.inverted));
}

struct Step {
  ValueId below;
  Layer layer;
};

// Whether `split` is `joined`, scores of rank 4, with the batch as two axes.
bool splits_batch(const Fact& split, const Fact& joined) {
  if (!split.shape || !joined.shape || split.rank() != 5 || joined.rank() != 4) return false;
  DimShape whole(split.shape->begin() + 1, split.shape->end());
  whole[0] = (*split.shape)[0] * whole[0];
  return whole == *joined.shape;
}

// What x may be a mask over: at most two answers.
std::vector<Step> steps_down(const ir::Graph& graph, ValueId x) {
  std::vector<Step> steps;
  const auto add = [&](ValueId below, Layer layer) {
    if (same_shape(graph.fact(below), graph.fact(x))) steps.push_back({below, layer});
  };
  const auto sum = producer_as<Binary>(graph, x);
  if (sum && sum.op->fn == BinaryFn::kAdd) {
    for (const size_t side : {0, 1}) add(sum.input(side), {sum.input(1 - side)});
  }
  if (const auto joined = producer_as<Reshape>(graph, x)) {
    const ValueId inner = joined.input(0);
    const auto term = producer_as<Binary>(graph, inner);
    for (const size_t side : {0, 1}) {
      if (!term || term.op->fn != BinaryFn::kAdd || !splits_batch(graph.fact(inner), graph.fact(x))) break;
      const auto split = producer_as<Reshape>(graph, term.input(side));
      if (split) add(split.input(0), {term.input(1 - side), kNoValue, kNoValue, false, *graph.fact(inner).shape});
    }
  }
  if (const auto choice = producer_as<Where>(graph, x)) {
    for (const bool inverted : {false, true}) {
      const Layer layer{kNoValue, choice.input(0), choice.input(inverted ? 1 : 2), inverted};
      add(choice.input(inverted ? 2 : 1), layer);
    }
  }
  return steps;
}

// Fills `layers`, outermost first, down to a product under its scale; returns what gives the scaled product.
std::optional<ValueId> find_product(const ir::Graph& graph, ValueId x, std::vector<Layer>& layers) {
  double scale = 1;
  if (producer_as<MatMul>(graph, without_scale(graph, x, scale))) return x;
  if (layers.size() == kMostMasks) return std::nullopt;
  for (const Step& step : steps_down(graph, x)) {
    layers.push_back(step.layer);
    if (const auto found = find_product(graph, step.below, layers)) return found;
    layers.pop_back();
  }
  return std::nullopt;
}

// `term` with `rank` axes, ones in front or fewer of them; kNoValue where those in front are not 1.
ValueId with_rank(ir::Patch& patch, ValueId term, size_t rank) {
  if (!patch.fact(term).shape) return kNoValue;
  DimShape shape = *patch.fact(term).shape;
  if (shape.size() == rank) return term;
  while (shape.size() > rank && shape[0] == Dim(1)) shape.erase(shape.begin());
  if (shape.size() > rank) return kNoValue;
  shape.insert(shape.begin(), rank - shape.size(), Dim(1));
  return patch.add(Reshape{std::move(shape), true}, {term});
}

// Terms of which some are added window by window, as one mask [batch * windows, ...]; kNoValue where that is not known.
ValueId window_mask(const ir::Graph& graph, const std::vector<Layer>& layers, ir::Patch& patch) {
  DimShape windows;
  std::set<std::string> known;
  for (const ValueId input : graph.inputs()) {
    if (!graph.fact(input).shape) continue;
    for (const Dim& dim : *graph.fact(input).shape) known.insert(dim.symbol_name());
  }
  for (const Layer& layer : layers) {
    if (!layer.windows.empty()) windows = layer.windows;
  }
  ValueId sum = kNoValue;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (layer->condition != kNoValue || !graph.fact(layer->term).shape) return kNoValue;
    ValueId term = layer->term;
    if (layer->windows.empty()) term = with_rank(patch, term, 3);
    if (term == kNoValue || (!layer->windows.empty() && layer->windows != windows)) return kNoValue;
    sum = sum == kNoValue ? term : patch.add(Binary{BinaryFn::kAdd}, {sum, term});
  }
  sum = with_rank(patch, sum, 5);
  if (sum == kNoValue || !(patch.fact(sum).shape->front() == Dim(1))) return kNoValue;
  if (windows[0] == Dim(1)) return with_rank(patch, sum, 4);
  if (!all_bound(windows, known)) return kNoValue;
  DimShape shape = *patch.fact(sum).shape;
  shape[0] = windows[0], shape[1] = windows[1];
  const ValueId repeated = patch.add(Expand{shape}, {sum});
  shape[1] = windows[0] * windows[1];
  shape.erase(shape.begin());
  return patch.add(Reshape{std::move(shape), true}, {repeated});
}

// All layers as one mask; kNoValue when there are none.
ValueId mask_of(const ir::Graph& graph, const std::vector<Layer>& layers, ir::Patch& patch) {
  if (layers.size() == 1 && layers[0].condition != kNoValue && !layers[0].inverted &&
      ir::splat_value(graph.constant(layers[0].hidden)) == -INFINITY) {
    return layers[0].condition;
  }
  ValueId mask = kNoValue;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (layer->condition == kNoValue) {
      mask = mask == kNoValue ? layer->term : patch.add(Binary{BinaryFn::kAdd}, {mask, layer->term});
      continue;
    }
    const ValueId shown = mask != kNoValue ? mask : patch.constant(Tensor::of<float>({}, {0.0f}));
    const double number = *ir::splat_value(graph.constant(layer->hidden));
    const ValueId hidden = patch.constant(Tensor::of<float>({}, {static_cast<float>(number)}));
    mask = patch.add(Where{}, {layer->condition, layer->inverted ? hidden : shown, layer->inverted ? shown : hidden});
  }
  return mask;
}

}  // namespace

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

std::optional<Scores> scores_of(const ir::Graph& graph, ValueId x, ir::Patch& patch, const char*& why) {
  std::vector<Layer> layers;
  const auto scaled = find_product(graph, x, layers);
  if (!scaled) return std::nullopt;
  Scores scores;
  const auto product = producer_as<MatMul>(graph, without_scale(graph, *scaled, scores.scale));
  if (product.op->trans_a || !product.op->epilogue.empty() || product.input(2) != kNoValue) return std::nullopt;
  for (const Layer& layer : layers) {
    if (layer.condition != kNoValue && !hides(graph, layer)) {
      why = "a mask that puts a number in place of scores that may not be far below the others";
      return std::nullopt;
    }
  }
  scores.scale *= product.op->alpha;
  scores.transposed_k = !product.op->trans_b;
  scores.q = without_scale(graph, product.input(0), scores.scale);
  scores.k = without_scale(graph, product.input(1), scores.scale);
  const bool by_windows =
      std::any_of(layers.begin(), layers.end(), [](const Layer& layer) { return !layer.windows.empty(); });
  scores.mask = by_windows ? window_mask(graph, layers, patch) : mask_of(graph, layers, patch);
  if (by_windows && scores.mask == kNoValue) {
    why = "masks by windows that differ from picture to picture, or of unknown number";
    return std::nullopt;
  }
  return scores;
}

}  // namespace ingot::passes
