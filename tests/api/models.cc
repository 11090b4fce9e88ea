#include "models.h"

#include "onnx/test_models.h"

namespace ingot {

std::vector<std::byte> relu_model(int size) {
  onnx::Model model = onnx::testing::model(
      {onnx::testing::node("MatMul", {"x", "w"}, {"h"}, ""), onnx::testing::node("Relu", {"h"}, {"y"}, "")});
  const std::string columns = std::to_string(size);
  model.graph.inputs = {onnx::testing::value_info("x", {"batch", columns})};
  model.graph.outputs = {onnx::testing::value_info("y", {"batch", columns})};
  std::vector<float> weights(static_cast<size_t>(size) * static_cast<size_t>(size));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 7) - 2.0f;
  model.graph.initializers = {onnx::from_tensor(Tensor::of<float>({size, size}, weights), "w")};
  return onnx::serialize_model(model);
}

std::vector<std::byte> layered_model(int layers, const std::string& op_type) {
  constexpr int kWidth = 64;
  std::vector<onnx::Node> nodes;
  std::vector<onnx::TensorProto> weights;
  const auto weight = [&](const std::string& name, int64_t rows, int64_t columns) {
    std::vector<float> values(static_cast<size_t>(rows * columns));
    for (size_t i = 0; i < values.size(); ++i) values[i] = (static_cast<float>(i % 11) - 5.0f) / 64.0f;
    weights.push_back(onnx::from_tensor(Tensor::of<float>({rows, columns}, values), name));
  };
  std::string value = "x";
  for (int i = 0; i < layers; ++i) {
    const std::string tag = std::to_string(i);
    weight("a" + tag, kWidth, kWidth + 16 * (i + 1));
    weight("b" + tag, kWidth + 16 * (i + 1), kWidth);
    nodes.push_back(onnx::testing::node("MatMul", {value, "a" + tag}, {"h" + tag}, ""));
    nodes.push_back(onnx::testing::node("MatMul", {"h" + tag, "b" + tag}, {"s" + tag}, ""));
    value = "t" + tag;
    nodes.push_back(onnx::testing::node("Tanh", {"s" + tag}, {value}, ""));
  }
  nodes.push_back(
      onnx::testing::node(op_type.empty() ? "Identity" : op_type, {value}, {"y"}, op_type.empty() ? "" : "test"));
  onnx::Model model = onnx::testing::model(std::move(nodes));
  model.graph.inputs = {onnx::testing::value_info("x", {"batch", std::to_string(kWidth)})};
  model.graph.outputs = {onnx::testing::value_info("y", {"batch", std::to_string(kWidth)})};
  model.graph.initializers = std::move(weights);
  return onnx::serialize_model(model);
}

}  // namespace ingot
