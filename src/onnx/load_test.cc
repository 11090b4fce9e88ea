#include "onnx/load.h"

#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "onnx/test_models.h"

namespace ingot::onnx {
namespace {

using namespace testing;

ir::Graph load_test(const Model& model) { return load(model, testing::options()); }
Error load_error(const Model& model) {
  return error_of([&] { load_test(model); });
}

TEST(Load, KeepsNamesAndOrigins) {
  Model source = model({node("Softmax", {"x"}, {"h"}), node("Softmax", {"h"}, {"y"})});
  source.graph.nodes[1].name = "last";
  const ir::Graph graph = load_test(source);
  ASSERT_EQ(graph.order().size(), 2u);
  EXPECT_EQ(graph.node(graph.order()[0]).origin, ir::Origin{"Softmax_0"});
  EXPECT_EQ(graph.node(graph.order()[1]).origin, ir::Origin{"last"});
  EXPECT_EQ(graph.value(graph.node(graph.order()[0]).outputs[0]).name, "h");
  EXPECT_EQ(graph.output_names(), std::vector<std::string>{"y"});
  ir::verify(graph);
}

TEST(Load, OneNameOfADimIsOneSymbolAndUnnamedDimsGetTheirOwn) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  source.graph.inputs = {value_info("x", {"n", "3", "", "-1"}), value_info("z", {"", "n", "x.2", "?0"})};
  const ir::Graph graph = load_test(source);
  EXPECT_EQ(dims_text(*graph.fact(graph.inputs()[0]).shape), "[n,3,x.2_,x.3]");
  EXPECT_EQ(dims_text(*graph.fact(graph.inputs()[1]).shape), "[z.0,n,x.2,dim0]");
}

TEST(Load, OverridesFixDimsAndShapes) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  LoadOptions options = testing::options();
  options.free_dimensions = {{"n", 7}};
  EXPECT_EQ(load(source, options).fact(0).text(), "f32[7,3]");
  options.input_shapes["x"] = {Dim::symbol("rows"), Dim(4)};
  EXPECT_EQ(load(source, options).fact(0).text(), "f32[rows,4]");
  options.input_shapes["x"] = {Dim(4)};
  EXPECT_EQ(error_of([&] { load(source, options); }).code(), Code::kInvalidArgument);
}

TEST(Load, SortsNodesAndNamesOneOfACycle) {
  const Model unsorted = model({node("Softmax", {"h"}, {"y"}), node("Softmax", {"x"}, {"h"})});
  EXPECT_EQ(load_test(unsorted).order().size(), 2u);
  Model cyclic = model({node("Softmax", {"x"}, {"y"}), node("Softmax", {"b"}, {"a"}), node("Softmax", {"a"}, {"b"})});
  const Error error = load_error(cyclic);
  EXPECT_EQ(error.code(), Code::kInvalidModel);
  EXPECT_NE(error.message().find("node Softmax_1 (Softmax) is part of a cycle"), std::string::npos) << error.what();
}

TEST(Load, RefusesNamesDefinedTwiceOrNever) {
  EXPECT_NE(load_error(model({node("Softmax", {"x"}, {"y"}), node("Softmax", {"x"}, {"y"})})).message().find("'y'"),
            std::string::npos);
  EXPECT_EQ(load_error(model({node("Softmax", {"x"}, {"x"})})).message(),
            "node Softmax_0 (Softmax) is part of a cycle");
  EXPECT_EQ(load_error(model({node("Softmax", {"nowhere"}, {"y"})})).message(), "'nowhere' is defined nowhere");
  EXPECT_EQ(load_error(model({})).message(), "'y' is defined nowhere");
}

TEST(Load, NamesOperatorsThatItDoesNotKnow) {
  Model source = model({node("Frobnicate", {"x"}, {"y"}, "")});
  source.graph.nodes[0].name = "f";
  const Error error = load_error(source);
  EXPECT_EQ(error.code(), Code::kUnsupported);
  EXPECT_EQ(error.message(), "no operator Frobnicate of domain ai.onnx at opset 21");
  EXPECT_EQ(error.frames(), std::vector<std::string>{"node f (Frobnicate)"});
  source.graph.nodes[0].domain = "foreign";
  EXPECT_EQ(load_error(source).message(), "domain 'foreign' is used but not imported");
}

TEST(Load, SaysWhichVersionsItTakes) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  source.opset_imports[0].version = 99;
  EXPECT_NE(load_error(source).message().find("opset 99 of ai.onnx; opsets 7 to 27"), std::string::npos);
  source.opset_imports[0].version = 21;
  source.ir_version = 99;
  EXPECT_NE(load_error(source).message().find("IR version 99"), std::string::npos);
}

TEST(Load, InferenceErrorsNameTheNodeOnce) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  source.graph.inputs[0].type.elem_type = static_cast<int32_t>(DType::kI32);
  const Error error = load_error(source);
  ASSERT_EQ(error.frames().size(), 1u) << error.what();
  EXPECT_TRUE(error.frames()[0].starts_with("node Softmax_0 (")) << error.what();
}

TEST(Load, InputsWithInitializersAreConstants) {
  Model source = model({node("Softmax", {"w"}, {"y"})});
  source.graph.inputs.push_back(value_info("w", {"2"}));
  source.graph.initializers.push_back(from_tensor(Tensor::of<float>({2}, {1, 1}), "w"));
  const ir::Graph graph = load_test(source);
  EXPECT_EQ(graph.inputs().size(), 1u);
  const auto outputs = ir::interpret(graph, {Tensor(DType::kF32, {1, 3})});
  EXPECT_TRUE(identical(outputs[0].tensor(), Tensor::of<float>({2}, {0.5f, 0.5f})));
}

TEST(Load, WeightsStayQuantisedHoweverFew) {
  Model source = model({node("DequantizeLinear", {"w", "s"}, {"d"}, ""), node("MatMul", {"x", "d"}, {"y"}, "")});
  source.graph.initializers = {from_tensor(Tensor::of<int8_t>({3, 3}, std::vector<int8_t>(9, 1)), "w"),
                               from_tensor(Tensor::scalar(0.5f), "s")};
  const ir::Graph graph = load_test(source);
  ASSERT_EQ(graph.order().size(), 2u);
  EXPECT_EQ(graph.constant(graph.node(graph.order()[1]).inputs[1]), nullptr);
}

TEST(Load, SparseInitializersAreMadeDense) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  SparseTensorProto sparse;
  sparse.values = from_tensor(Tensor::of<float>({2}, {5, 6}), "s");
  sparse.indices = from_tensor(Tensor::of<int64_t>({2}, {1, 3}), "");
  sparse.dims = {2, 2};
  source.graph.sparse_initializers.push_back(sparse);
  source.graph.outputs = {value_info("s", {"2", "2"})};
  const auto outputs = ir::interpret(load_test(source), {Tensor(DType::kF32, {1, 3})});
  EXPECT_TRUE(identical(outputs[0].tensor(), Tensor::of<float>({2, 2}, {0, 5, 0, 6})));
}

TEST(Load, DeclaredShapesNeverOverruleInference) {
  Model source = model({node("Softmax", {"x"}, {"h"}), node("Softmax", {"h"}, {"y"})});
  source.graph.value_infos = {value_info("h", {"n", "99", "1"}), value_info("y", {"n", "99"})};
  const ir::Graph graph = load_test(source);
  EXPECT_EQ(graph.fact(graph.outputs()[0]).text(), "f32[n,3]");
}

TEST(Load, ValuesOfDecompositionsDoNotTakeNamesOfTheModel) {
  // "v1" is what the graph calls its own second value.
  Model source =
      model({node("Softmax", {"x"}, {"v3"}), node("Softmax", {"v3"}, {"v1"}), node("Softmax", {"v1"}, {"y"})});
  const ir::Graph graph = load_test(source);
  std::set<std::string> names;
  for (ir::ValueId id = 0; id < static_cast<ir::ValueId>(graph.value_count()); ++id) names.insert(graph.value(id).name);
  EXPECT_EQ(names.size(), graph.value_count());
  EXPECT_TRUE(names.contains("v1") && names.contains("v3"));
}

TEST(Load, DropoutInTrainingThatDropsNothingIsNoOperation) {
  const auto trained = [](float ratio) {
    Model source = model({node("Dropout", {"x", "ratio", "training"}, {"y"}, "")});
    source.graph.initializers = {from_tensor(Tensor::scalar(ratio), "ratio"),
                                 from_tensor(Tensor::scalar(true), "training")};
    return load_test(source);
  };
  EXPECT_EQ(trained(0).live_node_count(), 0u);
  EXPECT_GT(trained(0.5f).live_node_count(), 0u);
}

TEST(Load, TakesManyNodes) {
  Model source = model({node("Softmax", {"x"}, {"h0"})});
  for (int i = 0; i < 20000; ++i) {
    source.graph.nodes.push_back(node("Softmax", {fmt::format("h{}", i)}, {fmt::format("h{}", i + 1)}));
  }
  source.graph.outputs = {value_info("h20000", {"n", "3"})};
  EXPECT_EQ(load_test(source).order().size(), 20001u);
  LoadOptions options = testing::options();
  options.max_nodes = 20000;
  EXPECT_EQ(error_of([&] { load(source, options); }).code(), Code::kInvalidModel);
}

TEST(Load, ReportsProgressAndStops) {
  const Model source = model({node("Softmax", {"x"}, {"y"})});
  const Progress stop([](std::string_view, size_t, size_t) { return false; });
  EXPECT_EQ(error_of([&] { load(source, testing::options(), stop); }).code(), Code::kCancelled);
}

}  // namespace
}  // namespace ingot::onnx
