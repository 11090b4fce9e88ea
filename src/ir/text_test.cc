#include "ir/text.h"

#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "tensor/compare.h"

namespace ingot::ir {
namespace {

constexpr const char* kSmall = R"(graph main(%x: f32[n,64], %"odd name": i64[2]) {
  %w: f32[64,8] = const random(7)
  %b: f32[8] = const {1, 2.5, -inf, nan, 5, 6, 7, 8}
  %y: f32[n,8] = matmul(%x, %w, %b)  # /fc/MatMul, /fc/Add
  %half: f32[] = const 0.5
  %z: f32[n,8] = binary{fn=mul}(%y, %half)  # /half
  %shape: i64[2] = sizes{elements=[n,2*n+1]}()
  return %z as "the result", %"odd name", %shape
}
)";

TEST(GraphText, PrintedGraphsParseToTheSameText) {
  const PrintOptions everything{1024, true};
  const std::string once = print_graph(parse_graph(kSmall), everything);
  EXPECT_EQ(print_graph(parse_graph(once), everything), once);
  EXPECT_NE(once.find("%y: f32[n,8] = matmul(%x, %w, %b)  # /fc/MatMul, /fc/Add"), std::string::npos) << once;
  EXPECT_NE(once.find("{1, 2.5, -inf, nan, 5, 6, 7, 8}"), std::string::npos) << once;
  EXPECT_NE(once.find("return %z as \"the result\", %\"odd name\", %shape"), std::string::npos) << once;
}

TEST(GraphText, LargeConstantsPrintAsHashesThatStandForContent) {
  const std::string once = print_graph(parse_graph(kSmall));
  EXPECT_NE(once.find("%w: f32[64,8] = const hash("), std::string::npos) << once;
  EXPECT_EQ(print_graph(parse_graph(kSmall)), once) << "random content is the same every time";
}

TEST(GraphText, ConstantsOfEveryKindSurvive) {
  const Graph graph = parse_graph(R"(graph g() {
    %a: bool[2] = const {true, false}
    %b: string[2] = const {"x \"y\"", "line\nbreak"}
    %c: c64[1] = const (1.5, -2)
    %d: u64[2] = const {18446744073709551615, 0}
    %e: i4[3] = const {-8, 7, 0}
    %f: bf16[2] = const 1.5
    %g: f16[2] = const {0.1, 65504}
    %h: f64[1] = const 0.1
    %i: f32[0] = const {}
    return %a, %b, %c, %d, %e, %f, %g, %h, %i
  })");
  const Graph again = parse_graph(print_graph(graph));
  const auto first = interpret(graph, {}), second = interpret(again, {});
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(identical(first[i].tensor(), second[i].tensor())) << graph.output_names()[i];
  }
  EXPECT_EQ(first[1].tensor().data<std::string>()[1], "line\nbreak");
}

TEST(GraphText, BodiesNestAndRun) {
  const Graph graph = parse_graph(R"(graph main(%c: bool[], %x: f32[n]) {
    body 0 then(%a: f32[n]) {
      %r: f32[n] = unary{fn=neg}(%a)
      return %r
    }
    body 1 else(%a: f32[n]) {
      return %a
    }
    %y: f32[n] = if{else_body=1}(%c, %x)
    return %y
  })");
  const auto run = [&](bool condition) {
    return interpret(graph, {Tensor::scalar(condition), Tensor::of<float>({2}, {1, 2})})[0].tensor().data<float>()[1];
  };
  EXPECT_EQ(run(true), -2);
  EXPECT_EQ(run(false), 2);
  EXPECT_EQ(print_graph(parse_graph(print_graph(graph))), print_graph(graph));
}

TEST(GraphText, EqualNamesAreToldApart) {
  Graph graph;
  const ValueId a = graph.add_input("x", Fact(DType::kF32, DimShape{2}));
  const ValueId b = graph.add_input("x", Fact(DType::kF32, DimShape{2}));
  graph.set_outputs({a, b}, {"p", "q"});
  const Graph again = parse_graph(print_graph(graph));
  EXPECT_EQ(again.inputs().size(), 2u);
  EXPECT_EQ(again.outputs(), again.inputs());
}

TEST(GraphText, GivenTypesMustFitAndRefine) {
  const Graph graph = parse_graph("graph g(%x: f32[?]) {\n %y: f32[n,3] = unary{fn=neg}(%x)\n return %y\n}");
  EXPECT_EQ(graph.fact(graph.outputs()[0]).text(), "f32[n,3]");
}

std::string message(std::string_view text) {
  try {
    parse_graph(text);
    return "parsed";
  } catch (const Error& error) {
    return error.message();
  }
}

TEST(GraphText, FaultsNameTheLine) {
  EXPECT_EQ(message("graph g(%x: f32[2]) {\n %y = unary{fn=neg}(%z)\n return %y\n}"),
            "graph text, line 2: %z is not defined");
  EXPECT_EQ(message("graph g(%x: f32[2]) {\n %y: f32[3] = unary{fn=neg}(%x)\n return %y\n}"),
            "graph text, line 2: f32[3] where f32[2] is inferred: another size");
  EXPECT_EQ(message("graph g(%x: f33[2]) {\n return %x\n}"), "graph text, line 1: no element type 'f33'");
  EXPECT_EQ(message("graph g(%x: f32[2]) {\n %x: f32[] = const 1\n return %x\n}"),
            "graph text, line 2: a name defined twice");
  EXPECT_EQ(message("graph g() {\n %c: i32[2] = const {1, x}\n return %c\n}"),
            "graph text, line 2: 'x' is no whole number");
  EXPECT_EQ(message("graph g() { return } more"), "graph text, line 1: text after the graph");
  EXPECT_EQ(message(std::string("graph g(") + std::string(5000, '(')), "graph text, line 1: expected '%'");
}

}  // namespace
}  // namespace ingot::ir
