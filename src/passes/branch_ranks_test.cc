// Ifs whose branches differ in rank: what follows moves into them, and is inferred there.
#include "passes/pass_testing.h"
#include "passes/passes.h"
#include "passes/pipeline.h"

namespace ingot::passes {
namespace {

// `AFTER` stands behind an If that takes away an axis where its size is 1, as exporters of traced code write it.
std::string squeezed(const std::string& after, const std::string& more_bodies = "") {
  std::string text = R"(graph main(%x: f32[n,4,k], %s: f32[4]) {
    body 0 then(%a: f32[n,4,k]) {
      %r = reshape{shape=[n,4]}(%a)
      return %r
    }
    body 1 else(%a: f32[n,4,k]) {
      %t = transpose{permutation=[0,2,1]}(%a)
      return %t
    }
BODIES
    %sizes = shape_of{start=2}(%x)
    %one: i64[1] = const 1
    %alone = binary{fn=equal}(%sizes, %one)
    %p = if{else_body=1}(%alone, %x)
AFTER
  })";
  text.replace(text.find("AFTER"), 5, after);
  return text.replace(text.find("BODIES"), 6, more_bodies);
}

TEST(SinkIntoIf, PutsWhatFollowsIntoBranchesOfOtherRanks) {
  const auto result = rewrite(sink_into_if(), squeezed("%y = unary{fn=neg}(%p)\n %z = binary(%y, %s)\n return %z"));
  EXPECT_EQ(result.ops(), "shape_of{start=2}, binary{fn=equal}, if{then_body=2, else_body=3}");
  const auto& bodies = result.after.bodies();
  for (const size_t body : {2, 3}) {
    const ir::Graph& branch = *bodies[body];
    EXPECT_EQ(branch.live_node_count(), 3u);
    ASSERT_TRUE(branch.fact(branch.outputs()[0]).shape.has_value());
    EXPECT_EQ(branch.fact(branch.outputs()[0]).shape->size(), body);
  }
  EXPECT_EQ(bodies[0]->live_node_count() + bodies[1]->live_node_count(), 0u) << "branches nobody runs are left";
  for (const int64_t k : {1, 3}) {
    const std::vector<Value> inputs = {random_tensor(DType::kF32, {2, 4, k}, 1), random_tensor(DType::kF32, {4}, 2)};
    const auto expected = ir::interpret(result.before, inputs), actual = ir::interpret(result.after, inputs);
    EXPECT_TRUE(compare(actual[0], expected[0], {}).equal) << k;
  }
}

TEST(SinkIntoIf, LetsQuestionsAboutRanksFold) {
  const std::string text = squeezed(R"(
    %shape = shape_of(%p)
    %rank = shape_of(%shape)
    %two: i64[1] = const 2
    %flat = binary{fn=equal}(%rank, %two)
    %q = if{then_body=2, else_body=3}(%flat, %p)
    %w = unsqueeze{axes=[0]}(%q)
    return %w)",
                                    R"(
    body 2 deepen(%a: f32[?]) {
      %u = unsqueeze{axes=[1]}(%a)
      return %u
    }
    body 3 keep(%a: f32[?]) {
      return %a
    })");
  Rewritten result{ir::parse_graph(text), {}, {}};
  result.after = result.before.clone();
  result.report = run_passes(result.after, portable_stages(), strict_options());
  for (const auto& body : result.after.bodies()) {
    for (const ir::NodeId id : body->order()) {
      EXPECT_EQ(body->node(id).op.name() == std::string("if"), false) << result.text();
      for (const ir::ValueId output : body->node(id).outputs) EXPECT_TRUE(body->fact(output).shape) << result.text();
    }
  }
  for (const int64_t k : {1, 3}) {
    const std::vector<Value> inputs = {random_tensor(DType::kF32, {2, 4, k}, 1), random_tensor(DType::kF32, {4}, 2)};
    const auto expected = ir::interpret(result.before, inputs), actual = ir::interpret(result.after, inputs);
    EXPECT_TRUE(compare(actual[0], expected[0], {}).equal) << k;
  }
}

TEST(SinkIntoIf, RefusesRandomTailsAndBranchesThatDoNotFit) {
  const auto random = rewrite(sink_into_if(), squeezed("%t = shape_of(%p)\n %y = random(%t)\n return %y"));
  EXPECT_EQ(random.refusals(), "a random operator follows");
  const auto unfit = rewrite(sink_into_if(), squeezed("%y = transpose{permutation=[2,1,0]}(%p)\n return %y"));
  EXPECT_EQ(unfit.refusals(), "what follows does not take what a branch gives");
  EXPECT_EQ(unfit.patches(), 0);
}

TEST(SinkIntoIf, LeavesBranchesOfOneRankAlone) {
  const auto result = rewrite(sink_into_if(), R"(graph main(%c: bool[], %x: f32[n,4]) {
    body 0 then(%a: f32[n,4]) {
      %r = unary{fn=neg}(%a)
      return %r
    }
    body 1 else(%a: f32[n,4]) {
      return %a
    }
    %p = if{else_body=1}(%c, %x)
    %y = unary{fn=exp}(%p)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
}

}  // namespace
}  // namespace ingot::passes
