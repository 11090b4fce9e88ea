// A depthwise convolution and the convolutions before and after it become one step.
#include <algorithm>

#include "ops/chain.h"
#include "ops/conv.h"
#include "ops/reduce.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr size_t kRank = 4;

// A convolution of f32 on channels-last images with constant weights.
const Conv* plain_conv(const ir::Graph& graph, const Node& node) {
  const auto* conv = node.op.as<Conv>();
  if (conv == nullptr || !conv->channels_last || graph.constant(node.inputs[1]) == nullptr) return nullptr;
  if (graph.fact(node.inputs[1]).rank() != kRank) return nullptr;
  const auto is_f32 = [&](ValueId id) { return id == kNoValue || graph.fact(id).dtype() == DType::kF32; };
  const bool f32 = is_f32(node.outputs[0]) && std::all_of(node.inputs.begin(), node.inputs.end(), is_f32);
  return f32 ? conv : nullptr;
}

Shape sizes_of(const ir::Graph& graph, const Node& node) { return graph.constant(node.inputs[1])->shape(); }

bool is_depthwise(const ir::Graph& graph, const Node& node) {
  const Conv* conv = plain_conv(graph, node);
  if (conv == nullptr || conv->group < 2) return false;
  const Shape w = sizes_of(graph, node);
  return w[0] == conv->group && w[1] == 1;
}

bool is_product_of_pixels(const ir::Graph& graph, const Node& node) {
  const Conv* conv = plain_conv(graph, node);
  return conv != nullptr && is_pointwise(*conv, sizes_of(graph, node));
}

// What may stand first: larger convolutions only where no form with less arithmetic competes.
bool is_expansion(const ir::Graph& graph, const Node& node) {
  if (is_product_of_pixels(graph, node)) return true;
  const Conv* conv = plain_conv(graph, node);
  return conv != nullptr && conv->group == 1 &&
         std::any_of(conv->strides.begin(), conv->strides.end(), [](int64_t stride) { return stride != 1; });
}

// The one node that reads `id`, as its data and nothing else; null when there is none.
const Node* only_reader(const ir::Graph& graph, ValueId id) {
  if (graph.is_output(id) || graph.users(id).size() != 1) return nullptr;
  const Node& user = graph.node(*graph.users(id).begin());
  return user.inputs[0] == id && std::count(user.inputs.begin(), user.inputs.end(), id) == 1 ? &user : nullptr;
}

ir::Patch chained(const ir::Graph& graph, const std::vector<const Node*>& members) {
  Chain op;
  std::vector<ValueId> inputs{members[0]->inputs[0]};
  for (const Node* node : members) {
    op.members.push_back({node->op, {0}});
    for (size_t i = 1; i < node->inputs.size(); ++i) {
      op.members.back().operands.push_back(static_cast<int64_t>(inputs.size()));
      inputs.push_back(node->inputs[i]);
    }
  }
  for (size_t i = 1; i < op.members.size(); ++i) {
    op.members[i].operands[0] = static_cast<int64_t>(inputs.size() + i - 1);
  }
  ir::Patch patch(graph);
  patch.replace(members.back()->outputs[0], patch.add(std::move(op), std::move(inputs)));
  return patch;
}

// The mean over the pixels of f32 images and the two 1x1 convolutions of it.
ir::Outcome excite(const ir::Graph& graph, NodeId id, PassRun& run) {
  const Node& mean = graph.node(id);
  const auto* reduce = mean.op.as<Reduce>();
  if (!run.target().chains || reduce == nullptr || reduce->fn != ReduceFn::kMean || mean.inputs.size() != 1) {
    return ir::no_match;
  }
  const Fact& data = graph.fact(mean.inputs[0]);
  const bool of_images = reduce->axes == std::vector<int64_t>{1, 2} && reduce->keepdims;
  if (!of_images || data.dtype() != DType::kF32 || !data.has_rank() || data.rank() != kRank) return ir::no_match;
  const Node* first = only_reader(graph, mean.outputs[0]);
  if (first == nullptr || !is_product_of_pixels(graph, *first)) return ir::no_match;
  const Node* second = only_reader(graph, first->outputs[0]);
  if (second == nullptr || !is_product_of_pixels(graph, *second)) return ir::no_match;
  return chained(graph, {&mean, first, second});
}

ir::Outcome chain(const ir::Graph& graph, NodeId id, PassRun& run) {
  const Node& depthwise = graph.node(id);
  if (!run.target().chains || !is_depthwise(graph, depthwise)) return ir::no_match;
  std::vector<const Node*> members{&depthwise};
  const ValueId data = depthwise.inputs[0];
  const Node* before = graph.producer(data);
  if (before != nullptr && is_expansion(graph, *before) && only_reader(graph, data) == &depthwise) {
    members.insert(members.begin(), before);
  }
  const Node* after = only_reader(graph, depthwise.outputs[0]);
  if (after != nullptr && is_product_of_pixels(graph, *after)) members.push_back(after);
  if (members.size() == 1) return ir::no_match;
  return chained(graph, members);
}

}  // namespace

Pass fuse_chains() {
  return {
      "fuse_chains",
      "A depthwise convolution whose data or result is too large for the caches near a core runs in one step with "
      "the convolution before and the 1x1 convolution after it; the mean over an image runs in one step with the two "
      "1x1 convolutions that squeeze and excite makes of it.",
      "After fuse_epilogue: every member keeps the bias and epilogue that it got there; after merge_siblings, whose "
      "steps share more.",
      {{"chain", chain}, {"excite", excite}}};
}

}  // namespace ingot::passes
