// What a tuning database does to a build.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "compiler/compiler.h"
#include "onnx/test_models.h"
#include "ops/conv.h"
#include "tune/tuner.h"

namespace ingot::compiler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using onnx::testing::TemporaryFolder;

onnx::Attribute pads_of_one() {
  onnx::Attribute pads;
  pads.name = "pads";
  pads.type = onnx::Attribute::Type::kInts;
  pads.ints = {1, 1, 1, 1};
  return pads;
}

// Two 3x3 convolutions that several kernels take: 32 to 32 to 48 channels of 14x14.
onnx::Model convolutions() {
  onnx::Model model = onnx::testing::model(
      {onnx::testing::node("Conv", {"x", "v"}, {"h"}, ""), onnx::testing::node("Conv", {"h", "w"}, {"y"}, "")});
  for (auto& node : model.graph.nodes) node.attributes.push_back(pads_of_one());
  model.graph.inputs = {onnx::testing::value_info("x", {"1", "32", "14", "14"})};
  model.graph.outputs = {onnx::testing::value_info("y", {"1", "48", "14", "14"})};
  const auto weights = [](int64_t filters) {
    const Shape shape = {filters, 32, 3, 3};
    return Tensor::of<float>(shape, std::vector<float>(static_cast<size_t>(element_count(shape)), 0.25f));
  };
  model.graph.initializers = {onnx::from_tensor(weights(32), "v"), onnx::from_tensor(weights(48), "w")};
  return model;
}

BuildOptions options_of(const TemporaryFolder& folder, tune::Level level = tune::Level::kOff) {
  BuildOptions options;
  options.threads = 1;
  options.tune.database = folder.path / "tuning.jsonl";
  options.tune.level = level;
  options.tune.shipped = "";
  return options;
}

BuildResult build(const BuildOptions& options, const Progress& progress = {}) {
  return build(convolutions(), "m.onnx", "", options, {}, progress);
}

json tuning_of(const BuildResult& result) { return json::parse(result.report_json)["tuning"]; }

std::vector<const plan::Step*> convolution_steps(const plan::Plan& plan) {
  std::vector<const plan::Step*> steps;
  for (const plan::Step& step : plan.program.steps) {
    if (step.op.is<Conv>()) steps.push_back(&step);
  }
  return steps;
}

// A database that prefers `row` for both convolutions.
tuning::Database preferring(const std::string& row, const std::string& cpu, bool pinned = true) {
  tuning::Database database;
  const kernels::Target target = kernels::this_machine(1);
  // The convolutions as the build asks for them: channels last.
  for (const int64_t filters : {32, 48}) {
    Conv conv;
    conv.pads = {1, 1, 1, 1};
    conv.channels_last = true;
    const kernels::Problem problem{conv,
                                   {{DType::kF32, {1, 14, 14, 32}}, {DType::kF32, {filters, 32, 3, 3}, true}},
                                   {{DType::kF32, {1, 14, 14, filters}}}};
    tuning::Key key = tune::key_of(tune::problem_text(problem), target);
    key.cpu = cpu;
    database.put(key, {row, {{row, 5000}, {"another", 7000}}, pinned});
  }
  return database;
}

TEST(TunedBuild, TakesTheKernelOfTheDatabaseAndSaysSo) {
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder);
  tuning::save(preferring("reference_conv_f32_4x8", cpu_features().model, false), options.tune.database);
  const BuildResult result = build(options);
  ASSERT_EQ(convolution_steps(result.plan).size(), 2u);
  for (const plan::Step* step : convolution_steps(result.plan)) {
    EXPECT_EQ(step->row, "reference_conv_f32_4x8");
    EXPECT_EQ(step->reason, "measured: 5.0 us, next another 1.40x");
  }
}

TEST(TunedBuild, GivesEqualPlansForEqualDatabases) {
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder);
  tuning::save(preferring("reference_conv_f32_4x8", cpu_features().model), options.tune.database);
  EXPECT_EQ(plan::serialize_plan(build(options).plan), plan::serialize_plan(build(options).plan));
}

TEST(TunedBuild, FallsBackToTheCostModelForAKernelThatDoesNotTakeTheProblem) {
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder);
  tuning::save(preferring("avx2_depthwise_f32_7x8", cpu_features().model), options.tune.database);
  const BuildResult plain = build(BuildOptions{.threads = 1}), result = build(options);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(convolution_steps(result.plan)[i]->row, convolution_steps(plain.plan)[i]->row);
    EXPECT_EQ(convolution_steps(result.plan)[i]->reason, "");
  }
}

TEST(TunedBuild, IgnoresEntriesForAnotherCpuAndSaysWhy) {
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder);
  tuning::save(preferring("reference_conv_f32_4x8", "Another CPU"), options.tune.database);
  const BuildResult result = build(options);
  for (const plan::Step* step : convolution_steps(result.plan)) EXPECT_EQ(step->reason, "");
  EXPECT_EQ(tuning_of(result)["ignored"], json({{"for the CPU Another CPU", 2}}));
}

TEST(TunedBuild, ReadsNoDatabaseUnlessAskedTo) { EXPECT_TRUE(tuning_of(build(BuildOptions{.threads = 1})).is_null()); }

// A build with what came with the library alone: measurements for the microarchitecture.
BuildOptions shipped_options(const TemporaryFolder& folder, const std::string& row) {
  BuildOptions options;
  options.threads = 2;  // `preferring` has measured with one
  options.tune.shipped = folder.path / "shipped.jsonl";
  tuning::save(preferring(row, cpu_features().microarchitecture, false), options.tune.shipped);
  return options;
}

TEST(TunedBuild, TakesShippedChoicesWhereNothingWasMeasuredHere) {
  if (cpu_features().microarchitecture.empty()) GTEST_SKIP() << "this CPU has no name that measurements ship for";
  const TemporaryFolder folder;
  const BuildResult result = build(shipped_options(folder, "reference_conv_f32_4x8"));
  for (const plan::Step* step : convolution_steps(result.plan)) {
    EXPECT_EQ(step->row, "reference_conv_f32_4x8");
    EXPECT_EQ(step->reason, "shipped, measured: 5.0 us, next another 1.40x");
  }
  EXPECT_EQ(json::parse(result.report_json)["shipped_tuning"]["steps"], 2);
  EXPECT_TRUE(tuning_of(result).is_null());
}

TEST(TunedBuild, MeasurementsOfThisMachineWinOverShippedOnes) {
  if (cpu_features().microarchitecture.empty()) GTEST_SKIP() << "this CPU has no name that measurements ship for";
  const TemporaryFolder folder;
  BuildOptions options = shipped_options(folder, "reference_conv_f32_4x8");
  options.threads = 1;
  options.tune.database = folder.path / "tuning.jsonl";
  const std::string own = convolution_steps(build(BuildOptions{.threads = 1}).plan)[0]->row;
  tuning::save(preferring(own, cpu_features().model), options.tune.database);
  const BuildResult result = build(options);
  for (const plan::Step* step : convolution_steps(result.plan)) EXPECT_EQ(step->row, own);
  EXPECT_EQ(json::parse(result.report_json)["shipped_tuning"]["steps"], 0);
}

TEST(TunedBuild, ShippedChoicesCanBeLeftOut) {
  BuildOptions options;
  set_build_option(options, "no-shipped-tuning", "true");
  EXPECT_TRUE(options.tune.shipped.empty());
}

// Whether this CPU has kernels to choose between.
bool has_rivals() { return cpu_isa() >= IsaLevel::kAvx2; }

TEST(TunedBuild, MeasuresOnceAndThenRemembers) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder, tune::Level::kQuick);
  const BuildResult first = build(options), second = build(options);
  EXPECT_EQ(tuning_of(first)["measured"], 2);
  EXPECT_EQ(tuning_of(second)["measured"], 0);
  EXPECT_EQ(tuning_of(second)["found"], 2);
  EXPECT_EQ(tuning_of(second)["changed"], tuning_of(first)["changed"]);
  EXPECT_EQ(plan::serialize_plan(first.plan), plan::serialize_plan(second.plan));
  for (const plan::Step* step : convolution_steps(first.plan)) EXPECT_EQ(step->reason.find("measured: "), 0u);
}

TEST(TunedBuild, KeepsWhatWasMeasuredBeforeItWasStopped) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder, tune::Level::kQuick);
  const Progress stop_at_second(
      [](std::string_view stage, size_t done, size_t) { return stage != "tune" || done == 0; });
  EXPECT_EQ(onnx::testing::error_of([&] { build(options, stop_at_second); }).code(), Code::kCancelled);
  EXPECT_EQ(tuning::Database::read(options.tune.database).entries().size(), 1u);
  const json resumed = tuning_of(build(options));
  EXPECT_EQ(resumed["found"], 1);
  EXPECT_EQ(resumed["measured"], 1);
}

TEST(TunedBuild, MeasuresAgainWhatTheDatabaseKnowsOfFewerKernels) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  const BuildOptions options = options_of(folder, tune::Level::kQuick);
  tuning::save(preferring("reference_conv_f32_4x8", cpu_features().model, false), options.tune.database);
  const BuildResult result = build(options);
  EXPECT_EQ(tuning_of(result)["measured"], 2);
  for (const plan::Step* step : convolution_steps(result.plan)) EXPECT_NE(step->row, "reference_conv_f32_4x8");
}

TEST(TunedBuild, SaysThatSizesAreMissing) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  onnx::Model model = convolutions();
  model.graph.inputs = {onnx::testing::value_info("x", {"batch", "32", "14", "14"})};
  model.graph.outputs = {onnx::testing::value_info("y", {"batch", "48", "14", "14"})};
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  const auto options = options_of(folder, tune::Level::kQuick);
  const json tuning = tuning_of(build(model, "m.onnx", "", options));
  set_log_sink({});
  EXPECT_EQ(tuning["unknown"], 2);
  EXPECT_EQ(tuning["measured"], 0);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("optShapes"), std::string::npos) << lines[0];
}

TEST(TunedBuild, StopsMeasuringWhenTheBudgetIsSpent) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  BuildOptions options = options_of(folder, tune::Level::kQuick);
  options.tune.budget_seconds = 1e-9;
  const BuildResult result = build(options);
  EXPECT_EQ(tuning_of(result)["budget_spent"], true);
  EXPECT_EQ(tuning_of(result)["unmeasured"], 2);
  EXPECT_EQ(convolution_steps(result.plan).size(), 2u);
}

TEST(TunedBuild, WorksWhereTheDatabaseCannotBeWritten) {
  if (!has_rivals()) GTEST_SKIP() << "this CPU has the reference rows only";
  const TemporaryFolder folder;
  BuildOptions options = options_of(folder, tune::Level::kQuick);
  std::ofstream(folder.path / "file") << "no folder";
  options.tune.database = folder.path / "file" / "tuning.jsonl";
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  const BuildResult result = build(options);
  set_log_sink({});
  EXPECT_EQ(tuning_of(result)["measured"], 2);
  ASSERT_FALSE(lines.empty());
  EXPECT_NE(lines[0].find("is not written"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace ingot::compiler
