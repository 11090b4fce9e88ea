// Elementwise operators that follow a matrix product or convolution run on its result while it is in cache.
#include "ops/cast.h"
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "passes/tile_group.h"

namespace ingot::passes {
namespace {

using ir::kNoValue;
using ir::NodeId;
using ir::ValueId;

constexpr size_t kMaxMembers = 16;

// What the pass asks of a product: its epilogue, and the first operand of that.
struct Epilogue {
  const std::vector<TileInstruction>* body = nullptr;
  size_t first_operand = 3;  // after data, weights and bias
  bool of_convolution = false;
};
std::optional<Epilogue> epilogue_of(const ir::Node& node) {
  if (const auto* conv = node.op.as<Conv>()) return Epilogue{&conv->epilogue, 3, true};
  if (const auto* matmul = node.op.as<MatMul>()) return Epilogue{&matmul->epilogue};
  // After data, weights and their zero points.
  if (const auto* integers = node.op.as<MatMulInteger>()) return Epilogue{&integers->epilogue, 4};
  if (const auto* integers = node.op.as<ConvInteger>()) return Epilogue{&integers->epilogue, 4, true};
  return std::nullopt;
}

template <class T> Op with_epilogue_of(const T& op, std::vector<TileInstruction> body) {
  T fields = op;
  fields.epilogue = std::move(body);
  return fields;
}
Op with_epilogue(const Op& op, std::vector<TileInstruction> body) {
  if (const auto* conv = op.as<Conv>()) return with_epilogue_of(*conv, std::move(body));
  if (const auto* integers = op.as<MatMulInteger>()) return with_epilogue_of(*integers, std::move(body));
  if (const auto* integers = op.as<ConvInteger>()) return with_epilogue_of(*integers, std::move(body));
  return with_epilogue_of(*op.as<MatMul>(), std::move(body));
}

bool is_integer_product(const Op& op) { return op.is<MatMulInteger>() || op.is<ConvInteger>(); }

// Where nodes stand in the order of running; new ones take the place of what they replace.
using Positions = std::unordered_map<NodeId, size_t>;

class Fusion {
 public:
  Fusion(ir::Graph& graph, PassRun& run) : graph_(graph), run_(run) {
    for (const NodeId id : graph.order()) positions_.emplace(id, positions_.size());
  }

  void all() {
    const auto order = graph_.order();
    for (const NodeId id : order) {
      if (!graph_.node(id).removed && is_tile_operator(graph_, graph_.node(id), run_.target())) fuse(id);
    }
  }

 private:
  // `last` and the elementwise nodes before it that nothing else needs, producers first.
  std::vector<NodeId> members_of(NodeId last) const {
    std::vector<NodeId> members{last};
    for (size_t i = 0; i < members.size() && members.size() < kMaxMembers; ++i) {
      for (const ValueId input : graph_.node(members[i]).inputs) {
        const NodeId producer = graph_.value(input).producer;
        if (producer < 0 || contains(members, producer) || !belongs(producer, last, members)) continue;
        members.push_back(producer);
        i = static_cast<size_t>(-1);  // earlier members' operands may belong now
        break;
      }
    }
    std::sort(members.begin(), members.end(), [&](NodeId a, NodeId b) { return position(a) < position(b); });
    return members;
  }

  bool belongs(NodeId id, NodeId last, const std::vector<NodeId>& members) const {
    const ir::Node& node = graph_.node(id);
    return is_tile_operator(graph_, node, run_.target()) &&
           same_shape(graph_.fact(node.outputs[0]), graph_.fact(graph_.node(last).outputs[0])) &&
           used_within(node.outputs[0], members);
  }

  bool used_within(ValueId id, const std::vector<NodeId>& members) const {
    const auto& users = graph_.users(id);
    return !graph_.is_output(id) &&
           std::all_of(users.begin(), users.end(), [&](NodeId user) { return contains(members, user); });
  }
  static bool contains(const std::vector<NodeId>& members, NodeId id) {
    return std::find(members.begin(), members.end(), id) != members.end();
  }
  size_t position(NodeId id) const {
    const auto found = positions_.find(id);
    return found == positions_.end() ? 0 : found->second;
  }

  // The product among the operands whose result only the members need; the last to run when there are several.
  NodeId product_of(const std::vector<NodeId>& members, NodeId last, const char*& why) const {
    NodeId best = -1;
    for (const NodeId member : members) {
      for (const ValueId input : graph_.node(member).inputs) {
        const NodeId producer = graph_.value(input).producer;
        const auto epilogue = producer < 0 ? std::nullopt : epilogue_of(graph_.node(producer));
        if (!epilogue) continue;
        const Target& target = run_.target();
        if (!(epilogue->of_convolution ? target.conv_epilogue : target.matmul_epilogue)) continue;
        if (!used_within(input, members)) {
          why = "the product is used elsewhere";
        } else if (!same_shape(graph_.fact(input), graph_.fact(graph_.node(last).outputs[0]))) {
          why = "the operator broadcasts the product";
        } else if (!types_fit(producer, input, members)) {
          why = "the elements are not of the product's type";
        } else if (best < 0 || position(producer) > position(best)) {
          best = producer;
        }
      }
    }
    return best;
  }

  bool is_byte(ValueId id) const {
    return graph_.fact(id).dtype() == DType::kU8 || graph_.fact(id).dtype() == DType::kI8;
  }

  bool types_fit(NodeId id, ValueId result, const std::vector<NodeId>& members) const {
    const DType product = graph_.fact(result).dtype();
    if (is_integer_product(graph_.node(id).op)) return integers_fit(result, members);
    const auto& mixed = run_.target().mixed_epilogue_types;
    const auto has_bytes = [&](NodeId id) {
      const ir::Node& node = graph_.node(id);
      return is_byte(node.outputs[0]) ||
             std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId in) { return is_byte(in); });
    };
    if (std::find(mixed.begin(), mixed.end(), product) != mixed.end())
      return std::none_of(members.begin(), members.end(), has_bytes);
    const auto is_f32 = [&](ValueId id) { return graph_.fact(id).dtype() == DType::kF32; };
    return product == DType::kF32 && std::all_of(members.begin(), members.end(), [&](NodeId id) {
             const ir::Node& node = graph_.node(id);
             return is_f32(node.outputs[0]) && std::all_of(node.inputs.begin(), node.inputs.end(), is_f32);
           });
  }

  // An integer product's epilogue turns the sums to f32 first, and may read and give bytes.
  bool integers_fit(ValueId result, const std::vector<NodeId>& members) const {
    const auto dtype = [&](ValueId id) { return graph_.fact(id).dtype(); };
    const auto readable = [&](const ir::Node& node, ValueId id) {
      if (dtype(id) == DType::kF32) return true;
      const bool from_memory = is_byte(id) && id != result && !contains(members, graph_.value(id).producer);
      return node.op.is<Cast>() && (from_memory || (id == result && dtype(id) == DType::kI32));
    };
    return run_.target().integer_products && std::all_of(members.begin(), members.end(), [&](NodeId id) {
             const ir::Node& node = graph_.node(id);
             return (dtype(node.outputs[0]) == DType::kF32 || is_byte(node.outputs[0])) &&
                    std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId in) { return readable(node, in); });
           });
  }

  void fuse(NodeId last) {
    const auto members = members_of(last);
    const char* why = nullptr;
    const NodeId product = product_of(members, last, why);
    if (product < 0) {
      if (why != nullptr) run_.refuse(graph_, "fuse", last, why);
      return;
    }
    const ir::Node& node = graph_.node(product);
    TileGroup group;
    group.add_input(node.outputs[0]);
    const Epilogue epilogue = *epilogue_of(node);
    std::vector<ValueId> operands{node.outputs[0]};
    for (size_t i = epilogue.first_operand; i < node.inputs.size(); ++i) operands.push_back(node.inputs[i]);
    if (!epilogue.body->empty()) group.add_body(*epilogue.body, operands, node.outputs[0]);
    for (const NodeId member : members) group.add_node(graph_.node(member));
    if (group.inputs().size() - 1 > run_.target().max_epilogue_operands || group.size() > run_.target().max_body) {
      return run_.refuse(graph_, "fuse", last, "the epilogue would grow too long");
    }
    std::vector<ValueId> inputs = node.inputs;
    inputs.resize(epilogue.first_operand, kNoValue);
    inputs.insert(inputs.end(), group.inputs().begin() + 1, group.inputs().end());
    ir::Patch patch(graph_);
    patch.replace(graph_.node(last).outputs[0], patch.add(with_epilogue(node.op, group.body()), std::move(inputs)));
    const size_t place = position(last);
    for (const NodeId added : run_.apply(graph_, "fuse", last, std::move(patch))) positions_[added] = place;
  }

  ir::Graph& graph_;
  PassRun& run_;
  Positions positions_;
};

void fuse_all(ir::Graph& graph, PassRun& run) { Fusion(graph, run).all(); }

}  // namespace

Pass fuse_epilogue() {
  return {"fuse_epilogue",
          "No elementwise operator follows a product or convolution that could run inside it: bias, scale, activation, "
          "residual, in any order.",
          "After the layout is settled, which leaves nothing between a convolution and what follows; before "
          "fuse_pointwise, which takes what is left.",
          {},
          fuse_all};
}

}  // namespace ingot::passes
