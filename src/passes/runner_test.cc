#include "passes/pass_testing.h"
#include "passes/passes.h"
#include "passes/pipeline.h"

namespace ingot::passes {
namespace {

constexpr const char* kText = R"(graph g(%x: f32[n]) {
  %a = unary{fn=neg}(%x)
  %b = unary{fn=neg}(%a)
  %c = cast(%b)
  %d = cast(%c)
  return %d
})";

std::vector<Pass> two() { return {cancel_casts(), simplify_arithmetic()}; }

TEST(Runner, RunsPassesInOrderAndReports) {
  const auto result = rewrite(two(), kText, strict_options(), false);
  EXPECT_EQ(result.ops(), "");
  ASSERT_EQ(result.report.passes.size(), 2u);
  EXPECT_EQ(result.report.passes[0].name, "cancel_casts");
  EXPECT_EQ(result.report.passes[0].patches, 2);
  EXPECT_EQ(result.report.passes[0].nodes_before, 4u);
  EXPECT_EQ(result.report.passes[0].nodes_after, 2u);
  EXPECT_EQ(result.report.patches, 3);
}

TEST(Runner, DisabledPassesAreSkipped) {
  auto options = strict_options();
  options.disabled = {"cancel_casts"};
  EXPECT_EQ(rewrite(two(), kText, options).ops(), "cast, cast");
}

TEST(Runner, StopsAfterTheNamedPass) {
  auto options = strict_options();
  options.stop_after = "cancel_casts";
  EXPECT_EQ(rewrite(two(), kText, options).ops(), "unary{fn=neg}, unary{fn=neg}");
}

TEST(Runner, NamesThatNoPassHasAreErrors) {
  auto options = strict_options();
  options.disabled = {"no_such_pass"};
  EXPECT_THROW(rewrite(two(), kText, options), Error);
  options = strict_options();
  options.stop_after = "no_such_pass";
  EXPECT_THROW(rewrite(two(), kText, options), Error);
}

TEST(Runner, MakesNoMorePatchesThanAllowed) {
  for (const int64_t patches : {0, 1, 2, 3}) {
    auto options = strict_options();
    options.max_patches = patches;
    const auto result = rewrite(two(), kText, options);
    EXPECT_EQ(result.patches(), patches);
    expect_same_numbers(result);
  }
}

TEST(Runner, StopsWhenProgressSaysSo) {
  auto options = strict_options();
  options.progress = Progress([](std::string_view stage, size_t, size_t) { return stage != "simplify_arithmetic"; });
  try {
    rewrite(two(), kText, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
}

Pass with_rule(Rule rule) { return {"trial", "", "", {{"trial", std::move(rule)}}}; }

ir::Outcome wrong_shape(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  ir::Patch patch(graph);
  patch.replace(graph.node(id).outputs[0], patch.constant(Tensor::scalar(1.0f)));
  return patch;
}

TEST(Runner, PatchesThatDoNotFitAreRefusedOrFailWhenStrict) {
  EXPECT_THROW(rewrite(with_rule(wrong_shape), kText), Error);
  const auto result = rewrite(with_rule(wrong_shape), kText, PassOptions());
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the replacement has another rank");
}

TEST(Runner, RulesThatFailAreRefusalsOrErrorsWhenStrict) {
  const Pass pass = with_rule([](const ir::Graph&, ir::NodeId, PassRun&) -> ir::Outcome {
    fail(Code::kInvalidArgument, "sizes 2 and 3 do not broadcast");
  });
  EXPECT_EQ(rewrite(pass, kText, PassOptions()).refusals(), "the rule failed: sizes 2 and 3 do not broadcast");
  try {
    rewrite(pass, kText);
    FAIL();
  } catch (const Error& error) {
    ASSERT_FALSE(error.frames().empty());
    EXPECT_EQ(error.frames().back(), "pass trial");
  }
}

TEST(Runner, RulesThatUndoEachOtherAreAnError) {
  const Pass pass = with_rule([](const ir::Graph& graph, ir::NodeId id, PassRun&) -> ir::Outcome {
    const auto& node = graph.node(id);
    ir::Patch patch(graph);
    patch.replace(node.outputs[0], patch.add(node.op, node.inputs));
    return patch;
  });
  EXPECT_THROW(rewrite(pass, kText), Error);
}

TEST(Runner, BodiesAreRewrittenToo) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph main(%c: bool[], %x: f32[n]) {
    body 0 then(%a: f32[n]) {
      %r = unary{fn=neg}(%a)
      %s = unary{fn=neg}(%r)
      %t = unary{fn=exp}(%s)
      return %t
    }
    %y: f32[n] = if(%c, %x)
    return %y
  })");
  EXPECT_EQ(result.after.bodies()[0]->live_node_count(), 1u);
  expect_same_numbers(result);
}

TEST(Pipeline, NamesAreUniqueAndDocumented) {
  std::set<std::string> names;
  for (const auto& stages : {portable_stages(), target_stages()}) {
    for (const Stage& stage : stages) {
      for (const Pass& pass : stage.passes) {
        names.insert(pass.name);
        EXPECT_GT(std::string(pass.doc).size(), 10u) << pass.name;
        EXPECT_GT(std::string(pass.place).size(), 10u) << pass.name;
        EXPECT_NE(pass.rules.empty(), pass.whole_graph == nullptr) << pass.name;
      }
    }
  }
}

}  // namespace
}  // namespace ingot::passes
