// Which part of a graph runs on channels-last activations: the cut that converts the fewest elements.
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/conv_transpose.h"
#include "ops/group_norm.h"
#include "ops/pool.h"
#include "ops/resize.h"
#include "ops/transpose.h"
#include "passes/min_cut.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::NodeId;
using ir::ValueId;

template <class T> bool wants_conversion(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = node.op.as<T>();
  return op != nullptr && !op->channels_last && graph.fact(node.inputs[0]).has_rank() &&
         graph.fact(node.inputs[0]).rank() >= 3;
}
bool is_convolution(const ir::Graph& graph, const ir::Node& node) {
  return wants_conversion<Conv>(graph, node) || wants_conversion<ConvInteger>(graph, node) ||
         wants_conversion<ConvTranspose>(graph, node);
}

template <class T> Op channels_last_form_of(const Op& op) {
  T fields = *op.as<T>();
  fields.channels_last = true;
  return fields;
}
Op channels_last_form(const Op& op) {
  if (op.is<Conv>()) return channels_last_form_of<Conv>(op);
  return op.is<ConvInteger>() ? channels_last_form_of<ConvInteger>(op) : channels_last_form_of<ConvTranspose>(op);
}

// A node on channels-last operands, the transposes around it written out.
ir::Outcome converted(const ir::Graph& graph, const ir::Node& node) {
  const int64_t rank = graph.fact(node.outputs[0]).has_rank() ? graph.fact(node.outputs[0]).rank() : 0;
  ir::Patch patch(graph);
  Through through;
  if (is_convolution(graph, node)) {
    through.op = channels_last_form(node.op);
    through.inputs = node.inputs;
    through.inputs[0] = patch.add(Transpose{to_channels_last(rank)}, {node.inputs[0]});
    through.result = to_channels_first(rank);
  } else {
    const Fact& data = graph.fact(node.inputs[0]);
    const int64_t operand_rank = node.op.has(kElementwise) ? rank : data.has_rank() ? data.rank() : 0;
    if (operand_rank < 3) return ir::no_match;
    const char* why = nullptr;
    auto turned =
        through_transpose(graph, node, to_channels_first(operand_rank), OtherOperands::kTranspose, patch, why);
    if (!turned) return ir::no_match;
    through = std::move(*turned);
  }
  ValueId result = patch.add(std::move(through.op), std::move(through.inputs));
  if (!is_identity(through.result)) result = patch.add(Transpose{through.result}, {result});
  patch.replace(node.outputs[0], result);
  return patch;
}

// Whether a value looks the same in both layouts, or costs nothing to bring into the other.
bool is_free(const ir::Graph& graph, ValueId id) {
  const Fact& fact = graph.fact(id);
  if (graph.constant(id) != nullptr || !fact.shape || fact.rank() < 3) return true;
  return keeps_order(to_channels_last(fact.rank()), *fact.shape);
}

// The network of the cut: source side is channels-last. A value whose producer and some reader part costs one
// conversion of its size, whichever way.
class Layouts {
 public:
  explicit Layouts(const ir::Graph& graph) : graph_(graph), first_(cut_.add_vertex()), last_(cut_.add_vertex()) {}

  // The nodes to convert.
  std::vector<NodeId> choose() {
    for (const NodeId id : graph_.order()) add_node(id);
    for (const NodeId id : graph_.order()) {
      for (const ValueId output : graph_.node(id).outputs) add_value(output, vertices_.at(id));
    }
    for (const ValueId input : graph_.inputs()) add_value(input, first_);
    const auto side = cut_.source_side(last_, first_);
    std::vector<NodeId> nodes;
    for (const NodeId id : graph_.order()) {
      if (side[static_cast<size_t>(vertices_.at(id))] && convertible_.contains(id)) nodes.push_back(id);
    }
    return nodes;
  }

 private:
  void add_node(NodeId id) {
    const ir::Node& node = graph_.node(id);
    const int vertex = cut_.add_vertex();
    vertices_[id] = vertex;
    const bool possible = node.outputs.size() == 1 && !node.inputs.empty() && keeps_layout(node);
    if (possible) convertible_.insert(id);
    if (is_convolution(graph_, node)) {
      cut_.add_edge(last_, vertex, MinCut::kUncuttable);
    } else if (!possible) {
      cut_.add_edge(vertex, first_, MinCut::kUncuttable);
    } else if (node.op.is<Pool>() || node.op.is<Resize>() || node.op.is<GroupNorm>()) {
      cut_.add_edge(last_, vertex, supposed_elements(graph_.fact(node.inputs[0])) / 8);  // their kernels prefer it
    }
  }

  // Convertible, and what comes out is in the other layout, or in none.
  bool keeps_layout(const ir::Node& node) {
    if (is_convolution(graph_, node)) return true;
    if (node.op.is<Transpose>()) return false;
    const Fact& result = graph_.fact(node.outputs[0]);
    if (!result.has_rank()) return false;
    const Fact& data = graph_.fact(node.inputs[0]);
    const int64_t rank = node.op.has(kElementwise) ? result.rank() : data.has_rank() ? data.rank() : 0;
    if (rank < 3) return false;
    ir::Patch patch(graph_);
    const char* why = nullptr;
    const auto through =
        through_transpose(graph_, node, to_channels_first(rank), OtherOperands::kTranspose, patch, why);
    if (!through) return false;
    if (is_identity(through->result)) {
      layout_free_.insert(node.outputs[0]);
      return true;
    }
    return result.rank() >= 3 && through->result == to_channels_first(result.rank());
  }

  void add_value(ValueId id, int producer) {
    if (is_free(graph_, id) || layout_free_.contains(id)) return;
    std::vector<int> readers;
    for (const NodeId user : graph_.users(id)) readers.push_back(vertices_.at(user));
    if (graph_.is_output(id)) readers.push_back(first_);
    if (readers.empty()) return;
    const int64_t cost = supposed_elements(graph_.fact(id));
    const int leaves = cut_.add_vertex(), enters = cut_.add_vertex();
    cut_.add_edge(producer, leaves, cost);
    cut_.add_edge(enters, producer, cost);
    for (const int reader : readers) {
      cut_.add_edge(leaves, reader, MinCut::kUncuttable);
      cut_.add_edge(reader, enters, MinCut::kUncuttable);
    }
  }

  const ir::Graph& graph_;
  MinCut cut_;
  int first_, last_;
  std::unordered_map<NodeId, int> vertices_;
  std::unordered_set<NodeId> convertible_;
  std::unordered_set<ValueId> layout_free_;
};

void convert(ir::Graph& graph, PassRun& run) {
  if (!run.target().channels_last) return;
  const auto& order = graph.order();
  if (std::none_of(order.begin(), order.end(), [&](NodeId id) { return is_convolution(graph, graph.node(id)); })) {
    return;
  }
  for (const NodeId id : Layouts(graph).choose()) {
    run.apply(graph, "convert", id, [&] { return converted(graph, graph.node(id)); });
  }
}

void count_conversions(ir::Graph& graph, PassRun& run) {
  int64_t conversions = 0;
  for (const NodeId id : graph.order()) {
    const auto permutation = permutation_of(graph, graph.node(id));
    if (!permutation || permutation->size() < 3) continue;
    const auto rank = static_cast<int64_t>(permutation->size());
    conversions += *permutation == to_channels_last(rank) || *permutation == to_channels_first(rank);
  }
  run.count("layout conversions", conversions);
}

}  // namespace

Pass channels_last() {
  return {"channels_last",
          "Convolutions take and give channels-last activations, and so does what lies between them where that saves "
          "conversions; transposes around every such node keep the meaning.",
          "First of the layout passes: cancel_movement then removes the transposes that meet.",
          {},
          convert};
}

Pass count_layouts() {
  return {"count_layouts",
          "The report says how many conversions between channels-first and channels-last are left.",
          "After the layout passes.",
          {},
          count_conversions};
}

}  // namespace ingot::passes
