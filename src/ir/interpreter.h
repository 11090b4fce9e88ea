// Runs a graph node by node through the operators' evaluations: the oracle of every test.
#pragma once
#include <functional>

#include "ir/graph.h"
#include "ops/eval.h"

namespace ingot::ir {

struct InterpretOptions {
  int64_t memory_budget = int64_t{1} << 40;  // bytes one evaluation may allocate
  uint64_t seed = 0;
  std::function<void()> check_cancelled;
  SymbolValues symbols;  // sizes known from outside, as a body has them; the inputs' shapes add theirs
  // Called after every node of the main graph with its outputs, which it may change.
  std::function<void(const Node&, std::span<Value>)> observe;
};

// `inputs` in the order of graph.inputs(); returns values in the order of graph.outputs(). Throws Error with a
// "node ..." frame. Thread-safe on a graph that nobody changes.
std::vector<Value> interpret(const Graph& graph, std::vector<Value> inputs, const InterpretOptions& options = {});

}  // namespace ingot::ir
