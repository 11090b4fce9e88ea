#include <gtest/gtest.h>
#include <ingot/ingot.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "onnx/test_models.h"

namespace ingot {
namespace {

constexpr size_t kWeights = 48;  // 16-byte aligned at one of the paddings, so that a plan can share them

std::vector<std::byte> model_bytes(size_t padding) {
  onnx::Model model = onnx::testing::model({onnx::testing::node("Add", {"x", "w"}, {"y"}, "")});
  model.producer_name = std::string(padding, 'p');
  model.graph.inputs = {onnx::testing::value_info("x", {std::to_string(kWeights)})};
  model.graph.outputs = {onnx::testing::value_info("y", {std::to_string(kWeights)})};
  std::vector<float> weights(kWeights);
  std::iota(weights.begin(), weights.end(), 1.0f);
  model.graph.initializers = {onnx::from_tensor(Tensor::of<float>({kWeights}, weights), "w")};
  return onnx::serialize_model(model);
}

ingot_value* run_once(const ingot_plan* plan, const std::vector<float>& x) {
  ingot_session* session = nullptr;
  EXPECT_EQ(ingot_session_create(plan, nullptr, &session), nullptr);
  const int64_t shape[] = {kWeights};
  const ingot_tensor_type type{INGOT_F32, 1, shape};
  ingot_value *input = nullptr, *output = nullptr;
  EXPECT_EQ(ingot_value_borrow(&type, x.data(), nullptr, nullptr, &input), nullptr);
  EXPECT_EQ(ingot_session_run(session, &input, &output, nullptr), nullptr);
  ingot_value_release(input);
  ingot_session_release(session);
  return output;
}

TEST(Builder, MakesPlansThatOutliveTheModelsBytes) {
  for (size_t padding = 0; padding < 64; ++padding) {
    std::vector<std::byte> bytes = model_bytes(padding);
    ingot_builder* builder = nullptr;
    ASSERT_EQ(ingot_builder_from_bytes(bytes.data(), bytes.size(), nullptr, &builder), nullptr);
    ingot_plan* plan = nullptr;
    ASSERT_EQ(ingot_build(builder, &plan), nullptr);
    ingot_builder_release(builder);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
    const std::vector<float> x(kWeights, 0.5f);
    ingot_value* output = run_once(plan, x);
    ingot_tensor y;
    ASSERT_EQ(ingot_value_tensor(output, &y), nullptr);
    for (size_t i = 0; i < kWeights; ++i) {
      ASSERT_EQ(static_cast<const float*>(y.data)[i], static_cast<float>(i) + 1.5f) << "padding " << padding;
    }
    ingot_value_release(output);
    ingot_plan_release(plan);
  }
}

TEST(Plan, IsTheSameFromItsBytesAndWasMadeForThisMachine) {
  const std::vector<std::byte> bytes = model_bytes(0);
  ingot_builder* builder = nullptr;
  ASSERT_EQ(ingot_builder_from_bytes(bytes.data(), bytes.size(), nullptr, &builder), nullptr);
  ingot_plan *plan = nullptr, *again = nullptr;
  ASSERT_EQ(ingot_build(builder, &plan), nullptr);
  ingot_builder_release(builder);
  EXPECT_STREQ(ingot_plan_target_text(plan), ingot_target_text());
  void* saved = nullptr;
  size_t size = 0;
  ASSERT_EQ(ingot_plan_bytes(plan, &saved, &size), nullptr);
  ASSERT_EQ(ingot_plan_from_bytes(saved, size, &again), nullptr);
  EXPECT_STREQ(ingot_plan_text(again), ingot_plan_text(plan));
  ingot_plan_release(again);
  ingot_plan_release(plan);
  ingot_bytes_release(saved);
}

// The report of a build through a plan cache, after `change`.
std::string cached_report(const std::filesystem::path& folder, const std::function<void(ingot_builder*)>& change) {
  const std::vector<std::byte> bytes = model_bytes(0);
  ingot_builder* builder = nullptr;
  EXPECT_EQ(ingot_builder_from_bytes(bytes.data(), bytes.size(), nullptr, &builder), nullptr);
  EXPECT_EQ(ingot_builder_set_option(builder, "engine-cache-path", folder.c_str()), nullptr);
  change(builder);
  ingot_plan* plan = nullptr;
  EXPECT_EQ(ingot_build(builder, &plan), nullptr);
  ingot_plan_release(plan);
  std::string report = ingot_builder_report_json(builder);
  ingot_builder_release(builder);
  return report;
}

TEST(Builder, ModelsWithOtherInitializersHaveOtherPlansInTheCache) {
  const TemporaryFolder folder;
  const auto with = [](float number) {
    return [number](ingot_builder* builder) {
      const std::vector<float> weights(kWeights, number);
      const int64_t shape[] = {kWeights};
      const ingot_tensor_type type{INGOT_F32, 1, shape};
      ingot_value* value = nullptr;
      ASSERT_EQ(ingot_value_borrow(&type, weights.data(), nullptr, nullptr, &value), nullptr);
      ASSERT_EQ(ingot_builder_set_initializer(builder, "w", value), nullptr);
      ingot_value_release(value);
    };
  };
  const auto loaded = [&](const auto& change) {
    return cached_report(folder.path, change).find("\"state\":\"loaded\"") != std::string::npos;
  };
  EXPECT_FALSE(loaded([](ingot_builder*) {}));
  EXPECT_FALSE(loaded(with(1)));
  EXPECT_FALSE(loaded(with(2)));
  EXPECT_TRUE(loaded(with(1)));
  EXPECT_TRUE(loaded([](ingot_builder*) {}));
}

struct Placing {
  std::vector<float> memory = std::vector<float>(kWeights, -1.0f);
  std::vector<int64_t> shape;
  bool give = true;
};

TEST(Session, WritesOutputsWhereTheCallerWantsThem) {
  const std::vector<std::byte> bytes = model_bytes(0);
  ingot_builder* builder = nullptr;
  ASSERT_EQ(ingot_builder_from_bytes(bytes.data(), bytes.size(), nullptr, &builder), nullptr);
  ingot_plan* plan = nullptr;
  ASSERT_EQ(ingot_build(builder, &plan), nullptr);
  ingot_builder_release(builder);
  ingot_session* session = nullptr;
  ASSERT_EQ(ingot_session_create(plan, nullptr, &session), nullptr);
  const int64_t shape[] = {kWeights};
  const ingot_tensor_type type{INGOT_F32, 1, shape};
  const std::vector<float> x(kWeights, 0.5f);
  for (const bool give : {true, false}) {
    Placing placing;
    placing.give = give;
    ingot_run_options options{};
    options.size = sizeof(options);
    options.user = &placing;
    options.place_output = [](void* user, size_t index, const ingot_tensor_type* output) -> void* {
      auto* to = static_cast<Placing*>(user);
      EXPECT_EQ(index, 0u);
      EXPECT_EQ(output->dtype, INGOT_F32);
      to->shape.assign(output->shape, output->shape + output->rank);
      return to->give ? to->memory.data() : nullptr;
    };
    ingot_value *input = nullptr, *output = nullptr;
    ASSERT_EQ(ingot_value_borrow(&type, x.data(), nullptr, nullptr, &input), nullptr);
    ASSERT_EQ(ingot_session_run(session, &input, &output, &options), nullptr);
    ingot_tensor y;
    ASSERT_EQ(ingot_value_tensor(output, &y), nullptr);
    EXPECT_EQ(placing.shape, std::vector<int64_t>{kWeights});
    EXPECT_EQ(y.data == placing.memory.data(), give);
    EXPECT_EQ(static_cast<const float*>(y.data)[1], 2.5f);
    EXPECT_EQ(placing.memory[1], give ? 2.5f : -1.0f);
    ingot_value_release(input);
    ingot_value_release(output);
  }
  ingot_session_release(session);
  ingot_plan_release(plan);
}

}  // namespace
}  // namespace ingot
