#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/bodies.h"
#include "ir/text.h"
#include "ops/binary.h"
#include "ops/if.h"
#include "ops/unary.h"

namespace ingot::ir {
namespace {

Fact f32(DimShape shape) { return Fact(DType::kF32, std::move(shape)); }

TEST(Graph, AddingANodeInfersAndFailsThereNamingTheNode) {
  Graph graph;
  const ValueId x = graph.add_input("x", f32({2})), y = graph.add_input("y", f32({3}));
  EXPECT_EQ(graph.fact(graph.add(Unary{UnaryFn::kNeg}, {x}, {"n"})).text(), "f32[2]");
  try {
    graph.add(Binary{}, {x, y}, {"/layer/Add"});
    FAIL();
  } catch (const Error& error) {
    ASSERT_EQ(error.frames().size(), 1u);
    EXPECT_EQ(error.frames()[0], "node /layer/Add (binary)");
  }
  EXPECT_EQ(graph.live_node_count(), 1u) << "a refused node leaves nothing behind";
}

TEST(Graph, UsersFollowReplacingAndRemoving) {
  Graph graph;
  const ValueId x = graph.add_input("x", f32({2}));
  const ValueId a = graph.add(Unary{UnaryFn::kNeg}, {x}, {}), b = graph.add(Unary{UnaryFn::kExp}, {x}, {});
  const ValueId sum = graph.add(Binary{}, {a, a}, {});
  graph.set_outputs({sum}, {"sum"});
  EXPECT_EQ(graph.users(a).size(), 1u) << "a node that reads a value twice is one user";
  EXPECT_EQ(graph.sole_user(a), graph.value(sum).producer);
  EXPECT_EQ(graph.sole_user(sum), -1) << "outputs have readers outside";
  graph.replace_uses(a, b);
  EXPECT_TRUE(graph.users(a).empty());
  EXPECT_EQ(graph.producer(sum)->inputs, (std::vector<ValueId>{b, b}));
  EXPECT_EQ(graph.remove_dead(), 1u);
  EXPECT_EQ(graph.users(x).size(), 1u);
  verify(graph, VerifyLevel::kFacts);
}

TEST(Graph, OrderPutsProducersFirstWhateverTheOrderOfAdding) {
  Graph graph;
  const ValueId x = graph.add_input("x", f32({2}));
  const ValueId a = graph.add(Unary{UnaryFn::kNeg}, {x}, {});
  const ValueId b = graph.add(Unary{UnaryFn::kExp}, {a}, {});
  const ValueId late = graph.add(Unary{UnaryFn::kAbs}, {x}, {});
  graph.set_outputs({b}, {"b"});
  graph.replace_uses(a, late);
  graph.remove_dead();
  ASSERT_EQ(graph.order().size(), 2u);
  EXPECT_EQ(graph.order()[0], graph.value(late).producer);
  verify(graph);
}

TEST(Graph, CompactKeepsMeaningAndDropsTheRest) {
  Graph graph = parse_graph(R"(graph main(%c: bool[], %x: f32[n]) {
    body 0 unused(%a: f32[n]) {
      return %a
    }
    body 1 then(%a: f32[n]) {
      %r: f32[n] = unary{fn=neg}(%a)
      return %r
    }
    %dead = unary{fn=exp}(%x)
    %y: f32[n] = if{then_body=1, else_body=1}(%c, %x)
    return %y
  })");
  graph.compact();
  EXPECT_EQ(graph.node_count(), 1u);
  EXPECT_EQ(graph.bodies().size(), 1u);
  EXPECT_EQ(graph.bodies()[0]->name, "then");
  EXPECT_EQ(body_indices(graph.node(0).op), (std::vector<int64_t>{0, 0}));
  verify(graph, VerifyLevel::kFacts);
}

TEST(Graph, FreshSizesNeverRepeatGivenOnes) {
  Graph graph;
  graph.add_input("x", f32({Dim::symbol("?4"), Dim::symbol("?n")}));
  EXPECT_EQ(graph.fresh_dim().text(), "?5");
  EXPECT_EQ(graph.new_body().fresh_dim().text(), "?6");
}

TEST(Graph, CloneIsIndependent) {
  Graph graph;
  const ValueId x = graph.add_input("x", f32({2}));
  const ValueId y = graph.add(Unary{UnaryFn::kNeg}, {x}, {});
  graph.set_outputs({y}, {"y"});
  Graph copy = graph.clone();
  copy.set_outputs({x}, {"y"});
  EXPECT_EQ(copy.remove_dead(), 1u);
  EXPECT_EQ(graph.live_node_count(), 1u);
}

TEST(Verify, NamesTheFault) {
  Graph graph;
  const ValueId x = graph.add_input("x", f32({2}));
  const ValueId y = graph.add(Unary{UnaryFn::kNeg}, {x}, {});
  graph.set_outputs({y}, {"y"});
  verify(graph, VerifyLevel::kFacts);
  graph.refine_fact(y, f32({3}));
  verify(graph);
  EXPECT_THROW(verify(graph, VerifyLevel::kFacts), Error);
  graph.remove_node(graph.value(y).producer);
  EXPECT_THROW(verify(graph), Error);
}

TEST(Facts, MeetTakesThePreciseSide) {
  const Fact named = f32({Dim::symbol("n"), 3}), unnamed = f32({Dim::symbol("?1"), Dim::symbol("?2")});
  EXPECT_EQ(meet(unnamed, named).text(), "f32[n,3]");
  EXPECT_EQ(meet(named, unnamed).text(), "f32[n,3]");
  EXPECT_EQ(meet(Fact(DType::kF32, std::nullopt), named).text(), "f32[n,3]");
  EXPECT_STREQ(compatible(f32({2}), f32({3})), "another size");
  EXPECT_EQ(compatible(f32({2}), f32({Dim::symbol("n")})), nullptr);
}

}  // namespace
}  // namespace ingot::ir
