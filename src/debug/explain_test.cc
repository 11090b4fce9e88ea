#include "debug/explain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "compiler/compiler.h"
#include "onnx/test_models.h"

namespace ingot::debug {
namespace {

using nlohmann::json;

// y = relu(x @ w + b) of f32[n, 3] by f32[3, 4], nodes named product, sum and relu.
onnx::Model layer() {
  onnx::Model model = onnx::testing::model({onnx::testing::node("MatMul", {"x", "w"}, {"p"}, ""),
                                            onnx::testing::node("Add", {"p", "b"}, {"s"}, ""),
                                            onnx::testing::node("Relu", {"s"}, {"y"}, "")});
  model.graph.nodes[0].name = "product";
  model.graph.nodes[1].name = "sum";
  model.graph.nodes[2].name = "relu";
  model.graph.inputs = {onnx::testing::value_info("x", {"n", "3"})};
  model.graph.outputs = {onnx::testing::value_info("y", {"n", "4"})};
  model.graph.initializers = {onnx::from_tensor(Tensor::of<float>({3, 4}, std::vector<float>(12, 0.5f)), "w"),
                              onnx::from_tensor(Tensor::of<float>({4}, std::vector<float>(4, 1.0f)), "b")};
  return model;
}

// y = the indices of x's elements other than zero: its size depends on data.
onnx::Model positions() {
  onnx::Model model = onnx::testing::model(
      {onnx::testing::node("NonZero", {"x"}, {"i"}, ""), onnx::testing::node("Transpose", {"i"}, {"y"}, "")});
  model.graph.inputs = {onnx::testing::value_info("x", {"n", "3"})};
  model.graph.outputs = {onnx::testing::value_info("y", {})};
  model.graph.outputs[0].type.shape.reset();
  model.graph.outputs[0].type.elem_type = 7;
  return model;
}

json explained(const onnx::Model& model, int rounds) {
  auto built = compiler::build(model, "m.onnx", "", {});
  runtime::Session session(std::make_shared<const plan::Plan>(std::move(built.plan)), {{.threads = 1, .spins = 0}});
  const std::vector<Value> inputs = {Tensor::of<float>({2, 3}, {1, 2, 3, 0, 5, 6})};
  return json::parse(explain(session, inputs, rounds));
}

TEST(Explain, NamesTheNodesThatBecameOneStep) {
  const json result = explained(layer(), 0);
  ASSERT_EQ(result["steps"].size(), 1u);
  EXPECT_EQ(result["steps"][0]["nodes"], json({"product", "sum", "relu"}));
  EXPECT_EQ(result["counts"]["onnx_nodes"], 3);
  EXPECT_EQ(result["counts"]["launches"], 1);
  EXPECT_GE(result["counts"]["launches_before_fusion"], 2);
}

TEST(Explain, GivesEveryCandidateACostOrAReason) {
  const json step = explained(layer(), 0)["steps"][0];
  ASSERT_GE(step["candidates"].size(), 2u);
  int chosen = 0;
  for (const json& candidate : step["candidates"]) {
    EXPECT_NE(candidate.contains("refused"), candidate.contains("estimated_ns")) << candidate;
    EXPECT_NE(candidate.value("refused", "a reason"), "");
    if (candidate.value("chosen", false)) {
      ++chosen;
      EXPECT_EQ(candidate["kernel"], step["kernel"]);
    }
  }
  EXPECT_EQ(chosen, 1);
  EXPECT_EQ(step["chosen_by"], "cost model");
}

TEST(Explain, CountsTheWorkOfTheGivenShapes) {
  const json step = explained(layer(), 0)["steps"][0];
  EXPECT_EQ(step["results"], json({"f32[2,4]"}));
  EXPECT_GE(step["flops"].get<double>(), 2 * 2 * 3 * 4);
  EXPECT_EQ(step["bytes"], 4 * (2 * 3 + 3 * 4 + 4 + 2 * 4));
  EXPECT_FALSE(step.contains("median_ns")) << "nothing was run";
}

TEST(Explain, TimesStepsAndHoldsThemAgainstTheMachine) {
  const json result = explained(layer(), 3);
  const json& step = result["steps"][0];
  EXPECT_GT(result["total_ns"], 0);
  EXPECT_GT(result["machine"]["gflops"], 0);
  EXPECT_GE(step["median_ns"], step["least_ns"]);
  EXPECT_GT(step["roofline"], 0);
  EXPECT_GT(step["gflops"], 0);
}

TEST(Explain, LearnsShapesThatDependOnDataFromARun) {
  const json unrun = explained(positions(), 0), run = explained(positions(), 1);
  EXPECT_EQ(run["steps"][0]["kind"], "evaluation");
  EXPECT_FALSE(run["steps"][0]["reason"].get<std::string>().empty());
  EXPECT_EQ(run["steps"][1]["results"], json({"i64[5,2]"}));
  EXPECT_NE(unrun["steps"][1]["results"], run["steps"][1]["results"]);
}

TEST(Explain, RefusesInputsThatDoNotFit) {
  auto built = compiler::build(layer(), "m.onnx", "", {});
  runtime::Session session(std::make_shared<const plan::Plan>(std::move(built.plan)), {{.threads = 1, .spins = 0}});
  EXPECT_THROW(explain(session, {}, 0), Error);
}

}  // namespace
}  // namespace ingot::debug
