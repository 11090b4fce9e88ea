// Nodes whose operands are all known are evaluated once, here.
#include <chrono>

#include "base/checked.h"
#include "ir/bodies.h"
#include "ir/interpreter.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/gather_nd.h"
#include "ops/sizes.h"
#include "passes/passes.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

constexpr auto kTimeLimit = std::chrono::seconds(5);  // for one evaluation
// Results that only repeat their operands are folded up to this size: a constant costs memory, repeating does not.
constexpr int64_t kRepeatedBytes = 64 << 10;
// The same of results that repeat by index, which takes longer than reading them: tables of relative positions.
constexpr int64_t kGatheredBytes = 1 << 20;

struct TimeIsUp {};

// Bytes of all results, or empty when their sizes are not known.
std::optional<int64_t> result_bytes(const ir::Graph& graph, const ir::Node& node) {
  int64_t total = 0;
  for (const ir::ValueId output : node.outputs) {
    const Fact& fact = graph.fact(output);
    if (!fact.type.is_tensor() || !fact.shape) return std::nullopt;
    const auto shape = constant_shape(*fact.shape);
    if (!shape) return std::nullopt;
    total = checked_add(total, storage_bytes(fact.dtype(), element_count(*shape)));
  }
  return total;
}

int64_t operand_bytes(const ir::Graph& graph, const ir::Node& node) {
  int64_t total = 0;
  for (const ir::ValueId input : node.inputs) {
    if (input != ir::kNoValue) total += graph.constant(input)->byte_size();
  }
  return total;
}

int64_t repeated_bytes(const Op& op) {
  return op.is<Gather>() || op.is<GatherElements>() || op.is<GatherNd>() ? kGatheredBytes : kRepeatedBytes;
}

std::vector<Value> evaluate_node(const ir::Graph& graph, const ir::Node& node, const PassOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + kTimeLimit;
  EvalHost host;
  host.memory_budget = options.fold_bytes;
  host.check_cancelled = [&] {
    if (std::chrono::steady_clock::now() > deadline) throw TimeIsUp{};
  };
  host.run_body = [&](size_t index, std::vector<Value> inputs) {
    ir::InterpretOptions interpret;
    interpret.memory_budget = options.fold_bytes;
    interpret.check_cancelled = host.check_cancelled;
    return ir::interpret(*graph.bodies().at(index), std::move(inputs), interpret);
  };
  std::vector<Value> operands;
  for (const ir::ValueId input : node.inputs) {
    operands.push_back(input == ir::kNoValue ? Value() : Value(*graph.constant(input)));
  }
  std::vector<const Value*> pointers;
  for (const Value& operand : operands) pointers.push_back(operand.is_none() ? nullptr : &operand);
  return evaluate(node.op, pointers, host);
}

bool draws_random_numbers(const ir::Graph& graph, const ir::Node& node) {
  if (node.op.has(kNondeterministic)) return true;
  for (const int64_t index : ir::body_indices(node.op)) {
    const ir::Graph& body = *graph.bodies()[static_cast<size_t>(index)];
    for (const ir::NodeId id : body.order()) {
      if (draws_random_numbers(body, body.node(id))) return true;
    }
  }
  return false;
}

// Results that inference knew already.
ir::Outcome known_results(const ir::Graph& graph, const ir::Node& node) {
  ir::Patch patch(graph);
  for (const ir::ValueId output : node.outputs) {
    if (graph.users(output).empty() && !graph.is_output(output)) continue;
    const Fact& fact = graph.fact(output);
    if (!fact.value) return ir::no_match;
    patch.replace(output, patch.constant(*fact.value));
  }
  return patch;
}

ir::Outcome fold(const ir::Graph& graph, ir::NodeId id, PassRun& run) {
  const ir::Node& node = graph.node(id);
  if (auto known = known_results(graph, node); std::holds_alternative<ir::Patch>(known)) return known;
  for (const ir::ValueId input : node.inputs) {
    if (input != ir::kNoValue && graph.constant(input) == nullptr) return ir::no_match;
  }
  if (draws_random_numbers(graph, node)) return ir::refused("it draws random numbers");
  if (std::string_view(node.op.name()).starts_with("dequantize")) return ir::refused("weights stay quantised");
  if (node.op.is<Sizes>()) return ir::no_match;  // expressions of the run's sizes
  const auto expected = result_bytes(graph, node);
  if (!expected && node.inputs.size() == 1 && node.op.has(kMovesData)) return ir::no_match;  // the same
  const int64_t operands = operand_bytes(graph, node);
  if (expected && *expected > run.options().fold_bytes) return ir::refused("the result is too large");
  if (expected && *expected > repeated_bytes(node.op) && *expected > 2 * operands &&
      (node.op.has(kMovesData) || node.inputs.empty())) {
    return ir::refused("the result only repeats its operands");
  }
  if (run.folded_bytes > run.options().fold_growth) return ir::refused("the constants have grown enough");
  std::vector<Value> results;
  try {
    results = evaluate_node(graph, node, run.options());
  } catch (const TimeIsUp&) {
    return ir::refused("the evaluation takes too long");
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    return ir::refused("the evaluation fails");  // and will say why when it runs
  }
  ir::Patch patch(graph);
  int64_t bytes = 0;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (graph.users(node.outputs[i]).empty() && !graph.is_output(node.outputs[i])) continue;
    if (i >= results.size() || !results[i].is_tensor()) return ir::refused("the result is no tensor");
    bytes += results[i].tensor().byte_size();
    patch.replace(node.outputs[i], patch.constant(results[i].tensor()));
  }
  run.folded_bytes += std::max<int64_t>(0, bytes - operands);
  return patch;
}

}  // namespace

Pass fold_constants() {
  return {"fold_constants",
          "No node has operands that are all constants, but those that draw random numbers, would store too much, or "
          "belong to quantised weights.",
          "First: what later rules ask about weights and shapes is then known.",
          {{"fold", fold}}};
}

}  // namespace ingot::passes
