// Elementwise nodes gathered into straight-line code for fused groups and epilogues.
#pragma once
#include <unordered_map>
#include <vector>

#include "ops/fused.h"
#include "passes/pass.h"

namespace ingot::passes {

// Whether a node may stand in tile code of `target`: elementwise, one result, of types that its programs compute on.
bool is_tile_operator(const ir::Graph& graph, const ir::Node& node, const Target& target);

// Whether a node joins values of such types, several of them: fused groups read it where its parts lie.
bool is_tile_concat(const ir::Graph& graph, const ir::Node& node, const Target& target);

// Collects instructions; operands that no instruction gives become inputs, in the order met.
class TileGroup {
 public:
  // Declares the first inputs, before any instruction.
  void add_input(ir::ValueId id);
  // Code that is there already, numbered with `inputs` as its operands; its last value stands for `result`.
  void add_body(const std::vector<TileInstruction>& body, const std::vector<ir::ValueId>& inputs, ir::ValueId result);
  // `node` has one result; fused nodes are taken apart.
  void add_node(const ir::Node& node);

  const std::vector<ir::ValueId>& inputs() const { return inputs_; }
  size_t size() const { return instructions_.size(); }
  // Numbered as in ops/fused.h.
  std::vector<TileInstruction> body() const;
  // The number of a value in that numbering; it must be an input or a result of the group.
  int64_t number_of(ir::ValueId id) const;

 private:
  // A value of the group before the number of inputs is known: inputs count up from 0, instructions down from -1.
  using Place = int64_t;
  Place place_of(ir::ValueId id);
  int64_t number(Place place) const { return place >= 0 ? place : static_cast<int64_t>(inputs_.size()) - place - 1; }
  Place add_instruction(Op op, std::vector<Place> operands);

  std::vector<ir::ValueId> inputs_;
  std::vector<TileInstruction> instructions_;  // operands are places
  std::unordered_map<ir::ValueId, Place> places_;
};

}  // namespace ingot::passes
