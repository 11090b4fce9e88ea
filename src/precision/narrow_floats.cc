#include "precision/narrow_floats.h"

#include <cmath>
#include <optional>
#include <set>

#include "ops/attention.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"
#include "ops/matmul.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/recurrent.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "ops/where.h"
#include "passes/passes.h"

namespace ingot::precision {
namespace {

using ir::kNoValue;
using ir::NodeId;
using ir::ValueId;

constexpr size_t kBias = 2;  // of products and convolutions
constexpr size_t kMask = 3;  // of attention

bool is_f32(const ir::Graph& graph, ValueId id) {
  return id != kNoValue && graph.fact(id).type.is_tensor() && graph.fact(id).dtype() == DType::kF32;
}

// A bias that kernels add in f32: known, and the same for every row.
bool bias_fits(const ir::Graph& graph, const ir::Node& node) {
  if (node.inputs.size() <= kBias || node.inputs[kBias] == kNoValue) return true;
  const Tensor* bias = graph.constant(node.inputs[kBias]);
  return bias != nullptr && (bias->rank() == 0 || bias->count() == bias->dim(-1));
}

const char* refuse_matmul(const ir::Graph& graph, const ir::Node& node, const MatMul& op) {
  const Tensor* b = graph.constant(node.inputs[1]);
  if (b == nullptr) return "both factors are computed";
  if (b->rank() != 2) return "the weights are several matrices";
  if (op.trans_a || !graph.fact(node.inputs[0]).has_rank()) return "the data is transposed or of unknown rank";
  return op.epilogue.empty() && bias_fits(graph, node) ? nullptr : "a bias that is not the same for every row";
}

const char* refuse_conv(const ir::Graph& graph, const ir::Node& node, const Conv& op) {
  const Tensor* w = graph.constant(node.inputs[1]);
  if (w == nullptr) return "the weights are computed";
  if (w->rank() < 3 || w->rank() > 5 || !graph.fact(node.inputs[0]).has_rank()) return "not one to three spatial axes";
  return op.epilogue.empty() && bias_fits(graph, node) ? nullptr : "the bias is computed";
}

constexpr size_t kRecurrentWeights = 2;  // inputs of a recurrent layer up to here become bf16: x, W, R

const char* refuse_recurrent(const ir::Graph& graph, const ir::Node& node, const Recurrent& op) {
  for (size_t i = 1; i <= kRecurrentWeights; ++i) {
    if (graph.constant(node.inputs[i]) == nullptr) return "the weights are computed";
  }
  return op.quantized_states ? "its states are quantised" : nullptr;
}

// Why a product is not narrowed; nothing for operators that are none.
std::optional<const char*> refuse_product(const ir::Graph& graph, const ir::Node& node) {
  if (const auto* matmul = node.op.as<MatMul>()) return refuse_matmul(graph, node, *matmul);
  if (const auto* conv = node.op.as<Conv>()) return refuse_conv(graph, node, *conv);
  if (const auto* recurrent = node.op.as<Recurrent>()) return refuse_recurrent(graph, node, *recurrent);
  return std::nullopt;
}

// Limited by reading its data: worth bf16 where that is there already.
bool is_depthwise(const ir::Graph& graph, const ir::Node& node) {
  const auto* conv = node.op.as<Conv>();
  const Tensor* w = conv != nullptr ? graph.constant(node.inputs[1]) : nullptr;
  return w != nullptr && conv->group > 1 && w->rank() > 1 && w->dim(1) == 1 && w->dim(0) == conv->group;
}

// Operators that only pass numbers on or compute on them one by one or in f32 within their kernel.
bool can_follow(const ir::Node& node) {
  if (const auto* binary = node.op.as<Binary>()) {
    return binary->fn <= BinaryFn::kSwiglu && binary->fn != BinaryFn::kPow && binary->fn != BinaryFn::kMod &&
           binary->fn != BinaryFn::kFmod;
  }
  if (const auto* norm = node.op.as<LayerNorm>()) return !norm->with_statistics;
  if (const auto* pool = node.op.as<Pool>()) return !pool->with_indices;
  if (const auto* reduce = node.op.as<Reduce>()) return reduce->fn == ReduceFn::kMean || reduce->fn == ReduceFn::kMax;
  if (const auto* attention = node.op.as<Attention>()) return attention->output_count == 1;
  const Op& op = node.op;
  return op.is<Unary>() || op.is<Where>() || op.is<Softmax>() || op.is<GroupNorm>() || op.is<Transpose>() ||
         op.is<Reshape>() || op.is<Concat>() || op.is<Slice>() || op.is<Pad>() || op.is<Expand>() || op.is<Gather>() ||
         op.is<Resize>();
}

// Which inputs become bf16: those of f32, but for a product's bias, a recurrent layer's bias and states, a mask and a
// resampling's sizes.
bool narrows_input(const ir::Graph& graph, const ir::Node& node, size_t input) {
  if (!is_f32(graph, node.inputs[input])) return false;
  if (node.op.is<MatMul>() || node.op.is<Conv>()) return input != kBias;
  if (node.op.is<Recurrent>()) return input <= kRecurrentWeights;
  if (node.op.is<Attention>()) return input != kMask;
  return !node.op.is<Resize>() || input == 0;
}

class Selection {
 public:
  Selection(const ir::Graph& graph, passes::PassRun& run) : graph_(graph), run_(run) {}

  // The nodes to narrow, producers first.
  std::vector<NodeId> nodes() {
    const auto& order = graph_.order();
    for (const NodeId id : order) {
      if (is_product(id) || follows(id)) chosen_.insert(id);
    }
    // What no chosen node reads would only be widened again: in f32 it keeps its accuracy.
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      if (chosen_.contains(*id) && !products_.contains(*id) && !is_read(*id)) chosen_.erase(*id);
    }
    std::vector<NodeId> nodes;
    for (const NodeId id : order) {
      if (chosen_.contains(id)) nodes.push_back(id);
    }
    return nodes;
  }

 private:
  bool gives_f32(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const bool one = node.outputs.size() == 1 || node.op.is<Recurrent>();
    return one && !node.inputs.empty() && is_f32(graph_, node.outputs[0]) &&
           is_f32(graph_, node.inputs[node.op.is<Where>() ? 1 : 0]);
  }

  bool is_product(NodeId id) {
    const ir::Node& node = graph_.node(id);
    const auto reason = refuse_product(graph_, node);
    if (!reason || is_depthwise(graph_, node) || !gives_f32(id)) return false;
    if (*reason != nullptr) {
      run_.refuse(graph_, "narrow", id, *reason);
      return false;
    }
    products_.insert(id);
    return true;
  }

  bool follows(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const bool depthwise = is_depthwise(graph_, node) && refuse_conv(graph_, node, *node.op.as<Conv>()) == nullptr;
    if (!gives_f32(id) || (!depthwise && !can_follow(node))) return false;
    for (const ValueId input : node.inputs) {
      if (is_f32(graph_, input) && chosen_.contains(graph_.value(input).producer)) return true;
    }
    return false;
  }

  bool is_read(NodeId id) const {
    for (const NodeId user : graph_.users(graph_.node(id).outputs[0])) {
      if (chosen_.contains(user)) return true;
    }
    return false;
  }

  const ir::Graph& graph_;
  passes::PassRun& run_;
  std::set<NodeId> chosen_, products_;
};

// A finite number stays finite: masks are often the lowest f32.
Tensor narrowed(const Tensor& tensor) {
  constexpr float kLargest = 0x1.fep127F;
  Tensor result = Tensor::uninitialized(DType::kBF16, tensor.shape());
  const float* from = tensor.data<float>();
  BF16* to = result.mutable_data<BF16>();
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const bool overflows = std::isfinite(from[i]) && std::abs(from[i]) > kLargest;
    to[i] = BF16(overflows ? std::copysign(kLargest, from[i]) : from[i]);
  }
  return result;
}

ir::Patch narrowed(const ir::Graph& graph, const ir::Node& node) {
  ir::Patch patch(graph);
  std::vector<ValueId> inputs = node.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!narrows_input(graph, node, i)) continue;
    const Tensor* constant = graph.constant(inputs[i]);
    inputs[i] = constant != nullptr ? patch.constant(narrowed(*constant)) : patch.add(Cast{DType::kBF16}, {inputs[i]});
  }
  const std::vector<ValueId> results = patch.add_node(node.op, std::move(inputs));
  for (size_t i = 0; i < results.size(); ++i) {
    patch.replace(node.outputs[i], patch.add(Cast{DType::kF32}, {results[i]}));
  }
  return patch;
}

void narrow(ir::Graph& graph, passes::PassRun& run) {
  for (const NodeId id : Selection(graph, run).nodes()) {
    run.apply(graph, "narrow", id, [&] { return narrowed(graph, graph.node(id)); });
  }
}

void count(ir::Graph& graph, passes::PassRun& run) {
  int64_t casts = 0, products = 0, wide = 0;
  for (const NodeId id : graph.order()) {
    const ir::Node& node = graph.node(id);
    if (const auto* cast = node.op.as<Cast>()) {
      const DType from = graph.fact(node.inputs[0]).dtype();
      casts += (cast->to == DType::kBF16 && from == DType::kF32) || (cast->to == DType::kF32 && from == DType::kBF16);
    }
    if (!node.op.is<MatMul>() && !node.op.is<Conv>() && !node.op.is<Recurrent>()) continue;
    ++(graph.fact(node.inputs[0]).dtype() == DType::kBF16 ? products : wide);
  }
  run.count("casts between f32 and bf16", casts);
  run.count("products in bf16", products);
  run.count("products in f32", wide);
}

passes::Pass count_narrow() {
  return {"count_narrow",
          "The report says how many products run in bf16, how many stay f32, and how many casts there are.",
          "After the casts that meet are gone.",
          {},
          count};
}

}  // namespace

passes::Pass narrow_floats() {
  return {"narrow_floats",
          "Products, convolutions and recurrent layers with constant weights, and what lies between them, are bf16.",
          "After simplification, which knows f32 best; before layout and fusion, which then see the types.",
          {},
          narrow};
}

std::vector<passes::Stage> bf16_stages() {
  return {
      // It must be found before its parts are narrowed.
      {"attention", true, {passes::recognise_attention(), passes::sink_transposes(), passes::cancel_movement()}},
      {"narrow", false, {narrow_floats()}},
      {"casts", true, {passes::cancel_casts(), passes::merge_equal(), passes::remove_dead()}},
      {"narrow report", false, {count_narrow()}},
  };
}

}  // namespace ingot::precision
