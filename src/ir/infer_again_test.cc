#include "ir/infer_again.h"

#include <gtest/gtest.h>

#include "ir/bodies.h"
#include "ir/symbols.h"
#include "ir/text.h"

namespace ingot::ir {
namespace {

TEST(InferAgain, TellsRanksFromAValueThatTookTheOldOnesPlace) {
  Graph graph = parse_graph(R"(graph g(%open: f32[?], %x: f32[n,3]) {
    %u = unsqueeze{axes=[0]}(%open)
    %y = unary{fn=neg}(%u)
    %z = unary{fn=exp}(%x)
    return %y, %z
  })");
  const NodeId untouched = graph.value(graph.outputs()[1]).producer;
  graph.replace_uses(graph.inputs()[0], graph.inputs()[1]);
  infer_again(graph, {graph.inputs()[1]});
  EXPECT_EQ(graph.fact(graph.outputs()[0]).text(), "f32[1,n,3]");
  EXPECT_EQ(graph.value(graph.outputs()[1]).producer, untouched) << "what says the same stays";
  verify(graph, VerifyLevel::kFacts);
}

TEST(InferAgain, StopsWhereAnOperatorDoesNotTakeItsOperand) {
  Graph graph = parse_graph(R"(graph g(%open: f32[?], %x: f32[n,3]) {
    %t = transpose{permutation=[2,1,0]}(%open)
    return %t
  })");
  graph.replace_uses(graph.inputs()[0], graph.inputs()[1]);
  EXPECT_NO_THROW(infer_again(graph, {graph.inputs()[1]}));
  EXPECT_EQ(graph.live_node_count(), 1u);
}

TEST(Symbols, AreReplacedInFieldsWhereTheyAreKnownOtherwise) {
  SymbolDims dims;
  learn_symbols({Dim::symbol("?4"), Dim(3), Dim::symbol("n")}, {Dim(7), Dim(3), Dim::symbol("n")}, dims);
  EXPECT_EQ(dims.size(), 1u);
  const Op op = parse_op("reshape{shape=[?4,3*n]}");
  EXPECT_EQ(with_symbols(op, dims).text(), "reshape{shape=[7,3*n]}");
  EXPECT_EQ(with_symbols(op, {}), op);
}

TEST(Bodies, AreEmptiedWhereNoNodeRunsThem) {
  Graph graph = parse_graph(R"(graph main(%c: bool[], %x: f32[n]) {
    body 0 unused(%a: f32[n]) {
      %r = unary{fn=neg}(%a)
      return %r
    }
    body 1 used(%a: f32[n]) {
      %r = unary{fn=exp}(%a)
      return %r
    }
    %y = if{then_body=1, else_body=1}(%c, %x)
    return %y
  })");
  empty_unused_bodies(graph);
  EXPECT_EQ(graph.bodies()[0]->live_node_count(), 0u);
  EXPECT_EQ(graph.bodies()[1]->live_node_count(), 1u);
}

}  // namespace
}  // namespace ingot::ir
