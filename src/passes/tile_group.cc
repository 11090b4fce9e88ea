#include "passes/tile_group.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/unary.h"
#include "ops/where.h"

namespace ingot::passes {
namespace {

bool has_tile_type(const ir::Graph& graph, ir::ValueId id, const Target& target) {
  const DType dtype = graph.fact(id).dtype();
  return dtype == DType::kBool ||
         std::find(target.pointwise_types.begin(), target.pointwise_types.end(), dtype) != target.pointwise_types.end();
}

// Integers come from memory and go to memory: what a cast in the same code gave is not read as such.
bool is_cast_of_integers(const ir::Graph& graph, const ir::Node& node, const Target& target) {
  const auto* cast = node.op.as<Cast>();
  if (cast == nullptr || !target.integer_products || node.inputs[0] == ir::kNoValue) return false;
  const auto is_byte = [](DType dtype) { return dtype == DType::kU8 || dtype == DType::kI8; };
  const DType from = graph.fact(node.inputs[0]).dtype();
  if (from == DType::kF32) return is_byte(cast->to);
  const ir::Node* producer = graph.producer(node.inputs[0]);
  const bool from_memory = producer == nullptr || !producer->op.is<Cast>();
  return cast->to == DType::kF32 && from_memory && (is_byte(from) || from == DType::kI32);
}

}  // namespace

bool is_tile_operator(const ir::Graph& graph, const ir::Node& node, const Target& target) {
  if (node.outputs.size() != 1 || !graph.fact(node.outputs[0]).has_rank()) return false;
  const bool known =
      node.op.is<Unary>() || node.op.is<Binary>() || node.op.is<Where>() || node.op.is<Cast>() || node.op.is<Fused>();
  if (is_cast_of_integers(graph, node, target)) return true;
  if (!known || !has_tile_type(graph, node.outputs[0], target)) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId id) {
    return id != ir::kNoValue && graph.fact(id).type.is_tensor() && has_tile_type(graph, id, target);
  });
}

bool is_tile_concat(const ir::Graph& graph, const ir::Node& node, const Target& target) {
  if (target.max_joined == 0 || !node.op.is<Concat>() || node.inputs.size() < 2) return false;
  if (!graph.fact(node.outputs[0]).has_rank()) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ir::ValueId id) { return id != ir::kNoValue && has_tile_type(graph, id, target); });
}

void TileGroup::add_input(ir::ValueId id) {
  places_.emplace(id, static_cast<Place>(inputs_.size()));
  inputs_.push_back(id);
}

TileGroup::Place TileGroup::place_of(ir::ValueId id) {
  const auto [entry, added] = places_.try_emplace(id, static_cast<Place>(inputs_.size()));
  if (added) inputs_.push_back(id);
  return entry->second;
}

TileGroup::Place TileGroup::add_instruction(Op op, std::vector<Place> operands) {
  instructions_.push_back({std::move(op), std::move(operands)});
  return -static_cast<Place>(instructions_.size());
}

void TileGroup::add_body(const std::vector<TileInstruction>& body, const std::vector<ir::ValueId>& inputs,
                         ir::ValueId result) {
  std::vector<Place> values;
  for (const ir::ValueId id : inputs) values.push_back(place_of(id));
  for (const TileInstruction& instruction : body) {
    std::vector<Place> operands;
    for (const int64_t operand : instruction.operands) operands.push_back(values[static_cast<size_t>(operand)]);
    values.push_back(add_instruction(instruction.op, std::move(operands)));
  }
  places_[result] = values.back();
}

void TileGroup::add_node(const ir::Node& node) {
  if (const auto* fused = node.op.as<Fused>()) return add_body(fused->body, node.inputs, node.outputs[0]);
  std::vector<Place> operands;
  for (const ir::ValueId input : node.inputs) operands.push_back(place_of(input));
  places_[node.outputs[0]] = add_instruction(node.op, std::move(operands));
}

std::vector<TileInstruction> TileGroup::body() const {
  auto body = instructions_;
  for (TileInstruction& instruction : body) {
    for (int64_t& operand : instruction.operands) operand = number(operand);
  }
  return body;
}

int64_t TileGroup::number_of(ir::ValueId id) const { return number(places_.at(id)); }

}  // namespace ingot::passes
