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

}  // namespace ingot
