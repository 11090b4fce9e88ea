// Model-local functions and subgraphs.
#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "onnx/test_models.h"

namespace ingot::onnx {
namespace {

using namespace testing;

ir::Graph load_test(const Model& model) { return load(model, testing::options()); }

Function function(std::string name, std::vector<Node> nodes) {
  Function function;
  function.name = std::move(name);
  function.domain = "local";
  function.inputs = {"a", "b"};
  function.outputs = {"r"};
  function.opset_imports = {{"", 21}, {"test", 1}, {"local", 1}};
  function.nodes = std::move(nodes);
  return function;
}

Model calling(std::vector<Function> functions, Node call) {
  Model source = model({std::move(call)});
  source.opset_imports.push_back({"local", 1});
  source.functions = std::move(functions);
  return source;
}

TEST(Function, IsInlinedWithNamesOfTheCall) {
  Node call = node("F", {"x"}, {"y"}, "local");
  call.name = "call";
  const ir::Graph graph =
      load_test(calling({function("F", {node("Softmax", {"a"}, {"t"}), node("Softmax", {"t"}, {"r"})})}, call));
  ASSERT_EQ(graph.order().size(), 2u);
  EXPECT_EQ(graph.node(graph.order()[1]).origin, ir::Origin{"call/Softmax_1"});
  EXPECT_EQ(graph.value(graph.node(graph.order()[0]).outputs[0]).name, "call/t");
}

TEST(Function, TakesAttributesOfTheCallOrTheirDefaults) {
  Node softmax = node("Softmax", {"a"}, {"r"});
  softmax.attributes = {reference("axis", "where")};
  Function f = function("F", {softmax});
  f.attribute_protos = {int_attribute("where", 0)};
  Node call = node("F", {"x"}, {"y"}, "local");
  const auto axis = [&] {
    const ir::Graph graph = load_test(calling({f}, call));
    return graph.node(graph.order()[0]).op.as<Softmax>()->axis;
  };
  EXPECT_EQ(axis(), 0);
  call.attributes = {int_attribute("where", 1)};
  EXPECT_EQ(axis(), 1);
  call.attributes.clear();
  f.attribute_protos.clear();
  EXPECT_EQ(axis(), -1);  // absent within, so the operator's own default
}

TEST(Function, OverloadsAreToldApart) {
  Function plain = function("F", {node("Softmax", {"a"}, {"r"})});
  Function other = function("F", {node("Softmax", {"a"}, {"t"}), node("Softmax", {"t"}, {"r"})});
  other.overload = "twice";
  Node call = node("F", {"x"}, {"y"}, "local");
  EXPECT_EQ(load_test(calling({plain, other}, call)).order().size(), 1u);
  call.overload = "twice";
  EXPECT_EQ(load_test(calling({plain, other}, call)).order().size(), 2u);
}

TEST(Function, MayNotCallItself) {
  const Error direct = error_of([] {
    load_test(calling({function("F", {node("F", {"a"}, {"r"}, "local")})}, node("F", {"x"}, {"y"}, "local")));
  });
  EXPECT_EQ(direct.code(), Code::kInvalidModel);
  EXPECT_EQ(direct.message(), "function F calls itself");
  const Error mutual = error_of([] {
    load_test(
        calling({function("F", {node("G", {"a"}, {"r"}, "local")}), function("G", {node("F", {"a"}, {"r"}, "local")})},
                node("F", {"x"}, {"y"}, "local")));
  });
  EXPECT_EQ(mutual.message(), "function F calls itself");
}

TEST(Function, CallsThatDoubleAtEachLevelEndAtTheLimitOfNodes) {
  std::vector<Function> functions;
  for (int i = 0; i < 40; ++i) {
    const std::string next = fmt::format("F{}", i + 1);
    functions.push_back(
        function(fmt::format("F{}", i), {node(next, {"a"}, {"t"}, "local"), node(next, {"t"}, {"r"}, "local")}));
  }
  functions.push_back(function("F40", {node("Softmax", {"a"}, {"r"})}));
  LoadOptions options = testing::options();
  options.max_nodes = 10000;
  const Model source = calling(functions, node("F0", {"x"}, {"y"}, "local"));
  EXPECT_EQ(error_of([&] { load(source, options); }).code(), Code::kInvalidModel);
}

TEST(Function, NestingHasALimit) {
  std::vector<Function> functions;
  for (int i = 0; i < 100; ++i) {
    functions.push_back(function(fmt::format("F{}", i), {node(fmt::format("F{}", i + 1), {"a"}, {"r"}, "local")}));
  }
  functions.push_back(function("F100", {node("Softmax", {"a"}, {"r"})}));
  const Error error = error_of([&] { load_test(calling(functions, node("F0", {"x"}, {"y"}, "local"))); });
  EXPECT_NE(error.message().find("nested more than 64 deep"), std::string::npos) << error.what();
}

TEST(Function, RefusesTooManyArguments) {
  const Model source =
      calling({function("F", {node("Softmax", {"a"}, {"r"})})}, node("F", {"x", "x", "x"}, {"y"}, "local"));
  EXPECT_EQ(error_of([&] { load_test(source); }).code(), Code::kInvalidModel);
}

// An If node of condition "c" whose branches give `then_value` and `else_value`.
Node if_node(Graph then_branch, Graph else_branch) {
  Node node = testing::node("If", {"c"}, {"y"}, "");
  node.attributes = {graph_attribute("then_branch", std::move(then_branch)),
                     graph_attribute("else_branch", std::move(else_branch))};
  return node;
}

Graph branch(std::vector<Node> nodes, const std::string& output) {
  Graph graph;
  graph.name = "branch";
  graph.nodes = std::move(nodes);
  graph.outputs = {value_info(output, {"", ""})};
  return graph;
}

Model choosing(Node choice) {
  Model source = model({node("Softmax", {"x"}, {"s"}), std::move(choice)});
  source.graph.inputs.push_back(value_info("c", {}, DType::kBool));
  source.graph.initializers.push_back(from_tensor(Tensor::of<float>({1, 3}, {7, 8, 9}), "w"));
  return source;
}

TEST(Subgraph, CapturesValuesAndCopiesConstants) {
  const Model source = choosing(if_node(branch({node("Softmax", {"s"}, {"t"})}, "t"), branch({}, "w")));
  const ir::Graph graph = load_test(source);
  const Tensor x(DType::kF32, {1, 3});
  const auto yes = ir::interpret(graph, {x, Tensor::scalar(true)});
  const auto no = ir::interpret(graph, {x, Tensor::scalar(false)});
  EXPECT_NEAR(yes[0].tensor().data<float>()[0], 1.0 / 3, 1e-6);
  EXPECT_EQ(no[0].tensor().data<float>()[2], 9);
}

TEST(Subgraph, CapturesThroughSeveralLevels) {
  Node inner = if_node(branch({node("Softmax", {"s"}, {"t"})}, "t"), branch({}, "w"));
  inner.outputs = {"u"};
  const Model source = choosing(if_node(branch({inner}, "u"), branch({}, "x")));
  const ir::Graph graph = load_test(source);
  const Tensor x(DType::kF32, {1, 3});
  EXPECT_NEAR(ir::interpret(graph, {x, Tensor::scalar(true)})[0].tensor().data<float>()[0], 1.0 / 3, 1e-6);
  EXPECT_EQ(ir::interpret(graph, {x, Tensor::scalar(false)})[0].tensor().data<float>()[0], 0);
}

TEST(Subgraph, ErrorsNameTheNodesFromInsideOut) {
  const Model source = choosing(if_node(branch({node("Nope", {"s"}, {"t"}, "")}, "t"), branch({}, "w")));
  const Error error = error_of([&] { load_test(source); });
  ASSERT_EQ(error.frames().size(), 2u) << error.what();
  EXPECT_EQ(error.frames()[0], "node If_1/Nope_0 (Nope)");
  EXPECT_EQ(error.frames()[1], "node If_1 (If)");
}

TEST(Subgraph, MakesItsReadersWaitForWhatItCaptures) {
  Model source = choosing(if_node(branch({node("Softmax", {"s"}, {"t"})}, "t"), branch({}, "w")));
  std::swap(source.graph.nodes[0], source.graph.nodes[1]);
  EXPECT_EQ(load_test(source).order().size(), 2u);
}

}  // namespace
}  // namespace ingot::onnx
