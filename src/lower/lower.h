// ir::Graph -> plan::Plan: kernel choice, weight packing, step emission.
#pragma once
#include "base/progress.h"
#include "ir/graph.h"
#include "kernels/kernel.h"
#include "plan/plan.h"

namespace ingot::lower {

// The kernel of a step, and why this one: "" where the cost model decides. The reason goes into the plan.
struct Choice {
  kernels::Candidate candidate;  // without a row: the step is an evaluation
  std::string why;
};
// The default takes the cheapest by the cost model; a tuner is another one.
using Chooser = std::function<Choice(const kernels::Problem&, const kernels::Target&)>;

struct LowerOptions {
  kernels::Target target;
  std::string device = "cpu";  // other devices take the rows of kernels/cuda for the main program; bodies stay here
  Chooser choose;              // empty: kernels::pick
  SymbolValues typical;        // sizes to choose kernels for (--optShapes); unknown ones count as -1
  bool keep_portable = true;   // store the graph before fusion and layout
};

// `graph` is what the passes left; `portable` what they were given (ignored unless keep_portable). The plan shares the
// graphs' constants.
plan::Plan lower(const ir::Graph& graph, const ir::Graph& portable, const LowerOptions& options,
                 const Progress& progress = {});

// The graph that a plan carries; throws kInvalidPlan, or kForeignPlan when it has none.
ir::Graph portable_graph(const plan::Plan& plan);

}  // namespace ingot::lower
