#include "ir/patch.h"

#include <gtest/gtest.h>

#include "ir/pattern.h"
#include "ir/text.h"
#include "ops/reshape.h"

namespace ingot::ir {
namespace {

ValueId named(const Graph& graph, std::string_view name) {
  for (ValueId id = 0; id < static_cast<ValueId>(graph.value_count()); ++id) {
    if (graph.value(id).name == name) return id;
  }
  return kNoValue;
}

TEST(Patch, ReplacesRemovesAndCarriesNamesAndOrigins) {
  Graph graph = parse_graph(R"(graph g(%x: f32[n]) {
    %a = unary{fn=exp}(%x)  # first
    %b = unary{fn=neg}(%a)  # second
    return %b
  })");
  Patch patch(graph);
  const ValueId b = named(graph, "b");
  const ValueId silu = patch.add(Unary{UnaryFn::kSilu, 1, 0}, {named(graph, "x")});
  EXPECT_EQ(patch.fact(silu).text(), "f32[n]");
  patch.replace(b, patch.add(Binary{BinaryFn::kMul}, {silu, patch.constant(Tensor::scalar(2.0f))}));
  EXPECT_EQ(refuse(graph, patch), nullptr);
  const auto added = apply(graph, std::move(patch));
  ASSERT_EQ(added.size(), 2u);
  EXPECT_EQ(graph.live_node_count(), 2u);
  EXPECT_EQ(graph.node(added[0]).origin, (Origin{"second", "first"}));
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "b");
  verify(graph, VerifyLevel::kFacts);
}

TEST(Patch, WithoutReplacementsOfTheSameTypeRankAndSizesIsRefused) {
  const Graph graph = parse_graph("graph g(%x: f32[2,3], %i: i64[2,3]) {\n %y = unary{fn=exp}(%x)\n return %y\n}");
  const auto reason = [&](auto make) {
    Patch patch(graph);
    patch.replace(graph.outputs()[0], make(patch));
    const char* text = refuse(graph, patch);
    return std::string(text ? text : "fits");
  };
  EXPECT_EQ(reason([&](Patch&) { return named(graph, "i"); }), "another type");
  EXPECT_EQ(reason([&](Patch& patch) { return patch.add(Reshape{{6}}, {named(graph, "x")}); }), "another rank");
  EXPECT_EQ(reason([&](Patch& patch) { return patch.add(Reshape{{3, 2}}, {named(graph, "x")}); }), "another size");
  EXPECT_EQ(reason([&](Patch&) { return named(graph, "x"); }), "fits");
}

TEST(Patch, KeepsTheMorePreciseFact) {
  Graph graph = parse_graph("graph g(%x: f32[?]) {\n %y: f32[n,3] = unary{fn=exp}(%x)\n return %y\n}");
  Patch patch(graph);
  patch.replace(graph.outputs()[0], patch.add(Unary{UnaryFn::kNeg}, {graph.inputs()[0]}));
  apply(graph, std::move(patch));
  EXPECT_EQ(graph.fact(graph.outputs()[0]).text(), "f32[n,3]");
}

TEST(Patch, UnknownSizesKeepTheSymbolsThatReadersKnow) {
  Graph graph = parse_graph(R"(graph g(%x: f32[n,3], %a: i64[1], %b: i64[1]) {
    %s: f32[?4,3] = slice{axes=[0]}(%x, %a, %b)
    %t: f32[?4,3] = unary{fn=exp}(%s)
    %y: f32[2*?4,3] = concat{axis=0}(%t, %t)
    return %y
  })");
  Patch patch(graph);
  const ValueId x = patch.add(Unary{UnaryFn::kExp}, {named(graph, "x")});
  const ValueId s = patch.add(graph.producer(named(graph, "s"))->op, {x, named(graph, "a"), named(graph, "b")});
  patch.replace(named(graph, "t"), s);
  apply(graph, std::move(patch));
  EXPECT_EQ(graph.fact(named(graph, "t")).text(), "f32[?4,3]") << print_graph(graph);
}

TEST(Pattern, ReadsAsMathsAndCommutes) {
  const Pattern x;
  const Pattern gelu = product({x, 0.5, unary(UnaryFn::kErf, x * 0.70710678) + 1.0});
  const char* forms[] = {
      "%e = unary{fn=erf}(%s)\n %p = binary(%one, %e)\n %q = binary{fn=mul}(%x, %p)\n %y = binary{fn=mul}(%half, %q)",
      "%e = unary{fn=erf}(%s)\n %p = binary(%e, %one)\n %h = binary{fn=mul}(%x, %half)\n %y = binary{fn=mul}(%h, %p)",
      "%e = unary{fn=erf}(%s)\n %p = binary(%e, %one)\n %h = binary{fn=div}(%p, %two)\n %y = binary{fn=mul}(%h, %x)",
  };
  for (const char* form : forms) {
    for (const char* scale : {"%s = binary{fn=div}(%x, %root)", "%s = binary{fn=mul}(%inverse, %x)"}) {
      const Graph graph = parse_graph(std::string("graph g(%x: f32[n]) {\n") +
                                      "%one: f32[] = const 1\n %two: f32[1] = const 2\n %half: f32[] = const 0.5\n"
                                      "%root: f32[] = const 1.41421356\n %inverse: f32[] = const 0.70710678\n" +
                                      scale + "\n" + form + "\n return %y\n}");
      const auto found = match(graph, gelu, graph.outputs()[0]);
      ASSERT_TRUE(found) << scale << form;
      EXPECT_EQ((*found)[x], graph.inputs()[0]);
      EXPECT_EQ(found->nodes().size(), 5u);
      EXPECT_FALSE(found->escapes(graph));
    }
  }
}

TEST(Pattern, OneNameMeansOneValue) {
  const Pattern x, y;
  const Graph graph = parse_graph("graph g(%a: f32[n], %b: f32[n]) {\n %y = binary{fn=mul}(%a, %b)\n return %y\n}");
  EXPECT_FALSE(match(graph, x * x, graph.outputs()[0]));
  EXPECT_TRUE(match(graph, x * y, graph.outputs()[0]));
  EXPECT_FALSE(match(graph, square(x), graph.outputs()[0]));
}

TEST(Pattern, ValuesNeededElsewhereEscape) {
  const Pattern x;
  const Graph graph =
      parse_graph("graph g(%a: f32[n]) {\n %e = unary{fn=exp}(%a)\n %y = unary{fn=neg}(%e)\n return %y, %e\n}");
  const auto found = match(graph, unary(UnaryFn::kNeg, unary(UnaryFn::kExp, x)), graph.outputs()[0]);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->escapes(graph));
}

TEST(Pattern, ConstantsMatchWithinTolerance) {
  const Graph graph =
      parse_graph("graph g(%a: f32[n]) {\n %c: f32[] = const 0.7071\n %y = binary{fn=mul}(%a, %c)\n return %y\n}");
  EXPECT_TRUE(match(graph, Pattern() * 0.70710678, graph.outputs()[0]));
  EXPECT_FALSE(match(graph, Pattern() * 0.708, graph.outputs()[0]));
}

}  // namespace
}  // namespace ingot::ir
