// Elementwise operators become groups that run as one step.
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "ops/concat.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "passes/tile_group.h"

namespace ingot::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

// Groups as they grow. All results of a group have one shape, and no path leaves a group and comes back to it.
// Concatenations are members that only other members read, and that join inputs of the group.
class Groups {
 public:
  Groups(const ir::Graph& graph, const Target& target) : graph_(graph), target_(target) {
    for (const NodeId id : graph.order()) positions_.emplace(id, positions_.size());
  }

  void form() {
    for (const NodeId id : graph_.order()) {
      const ir::Node& node = graph_.node(id);
      if (is_tile_operator(graph_, node, target_) || is_tile_concat(graph_, node, target_)) place(id);
    }
  }
  // Members in the order of running, for groups of two and more.
  std::vector<std::vector<NodeId>> found() const {
    std::vector<std::vector<NodeId>> groups;
    for (const auto& [index, members] : members_) {
      if (members.size() > 1) groups.push_back(members);
    }
    return groups;
  }

 private:
  void place(NodeId id) {
    const auto own = static_cast<size_t>(next_++);
    group_of_[id] = own;
    members_[own] = {id};
    // Latest producers first: what ran long before may have been needed on another path since.
    std::vector<size_t> candidates;
    for (const ValueId input : graph_.node(id).inputs) {
      const auto found = group_of_.find(graph_.value(input).producer);
      if (found == group_of_.end() || !same_results(id, found->second)) continue;
      if (std::find(candidates.begin(), candidates.end(), found->second) == candidates.end()) {
        candidates.push_back(found->second);
      }
    }
    std::sort(candidates.begin(), candidates.end(),
              [&](size_t a, size_t b) { return last_position(a) > last_position(b); });
    for (const size_t candidate : candidates) join(group_of_.at(id), candidate);
  }

  bool same_results(NodeId id, size_t group) const {
    return same_shape(graph_.fact(graph_.node(id).outputs[0]),
                      graph_.fact(graph_.node(members_.at(group).front()).outputs[0]));
  }
  size_t last_position(size_t group) const { return positions_.at(members_.at(group).back()); }

  void join(size_t a, size_t b) {
    if (a == b) return;
    std::vector<NodeId> both = members_.at(a);
    both.insert(both.end(), members_.at(b).begin(), members_.at(b).end());
    std::sort(both.begin(), both.end(), [&](NodeId x, NodeId y) { return positions_.at(x) < positions_.at(y); });
    if (!fits(both) || comes_back(both)) return;
    for (const NodeId id : both) group_of_[id] = a;
    members_[a] = std::move(both);
    members_.erase(b);
  }

  bool contains(const std::vector<NodeId>& members, NodeId id) const {
    return std::find(members.begin(), members.end(), id) != members.end();
  }

  bool fits(const std::vector<NodeId>& members) const {
    if (members.size() > target_.max_body) return false;
    TileGroup group;
    size_t results = 0;
    for (const NodeId id : members) {
      const ir::Node& node = graph_.node(id);
      const bool is_needed = is_result(members, node.outputs[0]);
      if (is_needed && node.op.is<Concat>()) return false;
      group.add_node(node);
      results += is_needed;
    }
    const auto operands = operands_of(group);
    return operands && group.size() <= target_.max_body && *operands + results <= target_.max_operands;
  }
  // Inputs that are read one by one, and concatenations of inputs; nothing where one joins what the group computes.
  std::optional<size_t> operands_of(const TileGroup& group) const {
    const auto inputs = static_cast<int64_t>(group.inputs().size());
    const auto is_input = [inputs](int64_t operand) { return operand < inputs; };
    std::set<int64_t> single;
    size_t joined = 0;
    for (const TileInstruction& instruction : group.body()) {
      const auto& operands = instruction.operands;
      if (!instruction.op.is<Concat>()) {
        std::copy_if(operands.begin(), operands.end(), std::inserter(single, single.end()), is_input);
      } else if (++joined > target_.max_joined || !std::all_of(operands.begin(), operands.end(), is_input)) {
        return std::nullopt;
      }
    }
    return single.size() + joined;
  }
  bool is_result(const std::vector<NodeId>& members, ValueId id) const {
    if (graph_.is_output(id)) return true;
    const auto& users = graph_.users(id);
    return !std::all_of(users.begin(), users.end(), [&](NodeId user) { return contains(members, user); });
  }

  // Whether a value from outside depends on one of the members.
  bool comes_back(const std::vector<NodeId>& members) const {
    const size_t first = positions_.at(members.front());
    std::unordered_set<NodeId> seen;
    std::vector<NodeId> stack;
    const auto visit = [&](NodeId id) {
      for (const ValueId input : graph_.node(id).inputs) {
        const NodeId producer = input == ir::kNoValue ? -1 : graph_.value(input).producer;
        if (producer >= 0 && positions_.at(producer) > first && seen.insert(producer).second) stack.push_back(producer);
      }
    };
    for (const NodeId member : members) {
      for (const ValueId input : graph_.node(member).inputs) {
        const NodeId producer = graph_.value(input).producer;
        if (producer < 0 || contains(members, producer) || positions_.at(producer) < first) continue;
        if (seen.insert(producer).second) stack.push_back(producer);
      }
    }
    while (!stack.empty()) {
      const NodeId id = stack.back();
      stack.pop_back();
      if (contains(members, id)) return true;
      for (const ValueId input : graph_.node(id).inputs) {
        if (input != ir::kNoValue && graph_.value(input).producer == members.front()) return true;
      }
      visit(id);
    }
    return false;
  }

  const ir::Graph& graph_;
  const Target& target_;
  int64_t next_ = 0;
  std::unordered_map<NodeId, size_t> positions_, group_of_;
  std::map<size_t, std::vector<NodeId>> members_;
};

void fuse_all(ir::Graph& graph, PassRun& run) {
  if (!run.target().fused_pointwise) return;
  Groups groups(graph, run.target());
  groups.form();
  for (const auto& members : groups.found()) {
    TileGroup group;
    for (const NodeId id : members) group.add_node(graph.node(id));
    std::vector<ValueId> results;
    for (const NodeId id : members) {
      const ValueId result = graph.node(id).outputs[0];
      const auto& users = graph.users(result);
      const bool inside = !graph.is_output(result) && std::all_of(users.begin(), users.end(), [&](NodeId user) {
        return std::find(members.begin(), members.end(), user) != members.end();
      });
      if (!inside) results.push_back(result);
    }
    Fused fused{group.body(), {}};
    for (const ValueId result : results) fused.results.push_back(group.number_of(result));
    run.apply(graph, "fuse", members.back(), [&] {
      ir::Patch patch(graph);
      const auto values = patch.add_node(std::move(fused), group.inputs());
      for (size_t i = 0; i < results.size(); ++i) patch.replace(results[i], values[i]);
      return patch;
    });
  }
}

}  // namespace

Pass fuse_pointwise() {
  return {"fuse_pointwise",
          "Elementwise operators of one shape that follow each other are one step.",
          "After fuse_epilogue, which removes most of them at no cost.",
          {},
          fuse_all};
}

}  // namespace ingot::passes
