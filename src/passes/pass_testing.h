// For tests of passes: graphs as text, what a pass makes of them, and whether both compute the same.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace ingot::passes {

inline PassOptions strict_options() {
  PassOptions options;
  options.strict = true;
  options.verify = ir::VerifyLevel::kFacts;
  return options;
}

struct Rewritten {
  ir::Graph before, after;
  PassReport report;

  // The graph afterwards, without names of constants that passes made up.
  std::string text() const { return ir::print_graph(after, {16, false}); }
  // The operators afterwards in order, "conv, binary{fn=mul}".
  std::string ops() const {
    std::string text;
    for (const ir::NodeId id : after.order()) text += (text.empty() ? "" : ", ") + after.node(id).op.text();
    return text;
  }
  // The reasons given, each once, "a; b".
  std::string refusals() const {
    std::string text;
    for (const auto& refusal : report.refusals) {
      if (text.find(refusal.reason) == std::string::npos) text += (text.empty() ? "" : "; ") + refusal.reason;
    }
    return text;
  }
  int64_t patches() const { return report.patches; }
};

// Whether `what` stands in ops().
inline bool mentions(const Rewritten& result, const char* what) { return result.ops().find(what) != std::string::npos; }

inline Rewritten rewrite(std::vector<Pass> passes, std::string_view text, const PassOptions& options = strict_options(),
                         bool repeat = true) {
  Rewritten result{ir::parse_graph(text), {}, {}};
  result.after = result.before.clone();
  const Stage stage{"test", repeat, std::move(passes)};
  result.report = run_passes(result.after, std::span(&stage, 1), options);
  return result;
}
inline Rewritten rewrite(const Pass& pass, std::string_view text, const PassOptions& options = strict_options()) {
  return rewrite(std::vector<Pass>{pass}, text, options);
}

// Random values for the graph's inputs, every symbol standing for `size` plus its place among the symbols.
inline std::vector<Value> random_inputs(const ir::Graph& graph, uint64_t seed, int64_t size) {
  SymbolValues symbols;
  std::vector<Value> inputs;
  for (const ir::ValueId id : graph.inputs()) {
    Shape shape;
    for (const Dim& dim : *graph.fact(id).shape) {
      std::set<std::string> names;
      dim.collect_symbols(names);
      for (const auto& name : names) symbols.try_emplace(name, size + static_cast<int64_t>(symbols.size()));
      shape.push_back(*dim.eval(symbols));
    }
    inputs.emplace_back(random_tensor(graph.fact(id).dtype(), std::move(shape), seed++));
  }
  return inputs;
}

// Both graphs give the same numbers within `tolerance` of the largest, on two sets of random inputs.
inline void expect_same_numbers(const Rewritten& result, double tolerance = 1e-5) {
  for (const int64_t size : {2, 5}) {
    const auto inputs = random_inputs(result.before, static_cast<uint64_t>(size), size);
    const auto expected = ir::interpret(result.before, inputs), actual = ir::interpret(result.after, inputs);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      const auto comparison = compare(actual[i], expected[i], {0, 1e-30, tolerance});
      EXPECT_TRUE(comparison.equal) << "output " << i << ": " << comparison.reason << "\n" << result.text();
    }
  }
}

}  // namespace ingot::passes
