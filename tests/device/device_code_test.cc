// Compiled kernels that plans carry: from the build to the device.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/environment_testing.h"
#include "base/folder_testing.h"
#include "base/log.h"
#include "base/mapped_file.h"
#include "compiler/device_code.h"
#include "cuda/compiler.h"
#include "cuda/nvrtc_testing.h"
#include "device_session.h"
#include "runtime/device_sources.h"

namespace ingot {
namespace {

using runtime::Session;

// Own kernels alone: what libraries offer is measured, and another candidate may sum in another order.
constexpr const char* kOwnKernels = R"(graph g(%x: f32[6,96]) {
    %s: f32[96] = const random(1)
    %n = layer_norm(%x, %s)
    %y = softmax(%n)
    return %y
  })";

std::vector<Shape> shapes_of(const ir::Graph& graph) {
  std::vector<Shape> shapes;
  for (const Value& input : random_inputs(graph)) shapes.push_back(input.tensor().shape());
  return shapes;
}

// Of its own, to put code into.
plan::Plan copy_of(const plan::Plan& plan) {
  auto bytes = std::make_shared<std::vector<std::byte>>(plan::serialize_plan(plan));
  return plan::parse_plan(*bytes, bytes);
}

class DeviceCodeOfCase : public testing::TestWithParam<DeviceCase> {};

TEST_P(DeviceCodeOfCase, CoversEverySourceOfASessionOnAnyDevice) {
  const ir::Graph graph = ir::parse_graph(GetParam().text);
  for (const char* device : {"null", "null:unfused"}) {
    const auto plan = plan_for(graph, device, "fp16");
    const auto collected = runtime::device_sources(*plan, shapes_of(graph));
    std::vector<std::string> used;
    device::observe_null_sources([&](const std::string& source) { used.push_back(source); });
    Session session(plan, {{.threads = 1}});
    std::vector<Value> outputs(graph.outputs().size());
    session.run(random_inputs(graph), outputs);
    device::observe_null_sources({});
    for (const std::string& each : used) EXPECT_TRUE(std::count(collected.begin(), collected.end(), each) == 1) << each;
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, DeviceCodeOfCase, testing::ValuesIn(kDeviceCases),
                         [](const auto& info) { return std::string(info.param.name); });

class EmbeddedDeviceCode : public testing::Test {
 protected:
  void SetUp() override {
    if (!cuda::nvrtc_library().found()) GTEST_SKIP() << cuda::nvrtc_library().detail();
  }
};

TEST_F(EmbeddedDeviceCode, SaysWhereItCoversLessThanTheWholePlan) {
  const std::pair<const char*, const char*> cases[] = {
      {"graph g(%x: f32[6,96]) {\n  %w: f32[96,8] = const random(1)\n  %y = matmul(%x, %w)\n  return %y\n}",
       "there is no code"},
      {"graph g(%x: f32[n,96]) {\n  %y = softmax(%x)\n  return %y\n}", "one size of input x"},
      {kOwnKernels, ""}};
  for (const auto& [text, said] : cases) {
    plan::Plan plan = copy_of(*plan_for(ir::parse_graph(text), "null", "fp32"));
    plan.info.shapes = {{"x", {}, {4, 96}, {}}};
    std::string lines;
    set_log_level(LogLevel::kInfo);
    set_log_sink([&](LogLevel, std::string_view line) { lines += line; });
    compiler::embed_device_code(plan, {{9, 0}});
    set_log_sink(nullptr);
    set_log_level(LogLevel::kWarning);
    EXPECT_EQ(lines.empty(), std::string_view(said).empty()) << lines;
    EXPECT_NE(lines.find(said), std::string::npos) << lines;
  }
}

TEST_F(EmbeddedDeviceCode, IsWrittenWithThePlanForEveryArchitecture) {
  const ir::Graph graph = ir::parse_graph(kOwnKernels);
  plan::Plan plan = copy_of(*plan_for(graph, "null", "fp16"));
  compiler::embed_device_code(plan, compiler::parse_architectures("sm_80,sm_90"));
  const plan::Plan back = copy_of(plan);
  const auto sources = runtime::device_sources(back, shapes_of(graph));
  ASSERT_EQ(back.device_code.size(), 2 * sources.size());
  for (size_t i = 0; i < back.device_code.size(); ++i) {
    const DeviceCode& each = back.device_code[i];
    const std::string& source = sources[i % sources.size()];
    EXPECT_EQ(each.major, i < sources.size() ? 8 : 9);
    EXPECT_EQ(each.source, cuda::name_in_plans(source));
    EXPECT_EQ(as_text(each.machine_code), cuda::compile_cubin(source, each.major, 0));
    EXPECT_EQ(as_text(each.intermediate).find(".entry") == std::string::npos,
              source.find("__global__") == std::string::npos);
  }
}

TEST_F(EmbeddedDeviceCode, IsNotUsedWithoutPermissionAndTheReportSaysSo) {
  const ir::Graph graph = ir::parse_graph(kOwnKernels);
  const auto report = [&](bool embed, bool allow) {
    plan::Plan plan = copy_of(*plan_for(graph, "null", "fp16"));
    if (embed) compiler::embed_device_code(plan, {{9, 0}});
    runtime::SessionOptions options{{.threads = 1}};
    options.allow_device_code = allow;
    return Session(std::make_shared<const plan::Plan>(std::move(plan)), options).device()->report().device_code;
  };
  EXPECT_EQ(report(true, false), "not allowed");
  EXPECT_EQ(report(true, true), "allowed");
  EXPECT_EQ(report(false, true), "none");
}

TEST(DeviceCodeOptions, NameWhatIsWrong) {
  for (const char* text : {"90", "sm_", "sm_9", "sm_90a", "sm_90;sm_80", "hopper", "sm_90,,sm_80"}) {
    EXPECT_THROW(compiler::parse_architectures(text), Error) << text;
  }
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[n,64]) {
    %y = unary{fn=neg}(%x)
    return %y
  })");
  plan::Plan plan = copy_of(*plan_for(graph, "null", "fp16"));
  try {
    compiler::embed_device_code(plan, {{9, 0}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("--optShapes x:"), std::string::npos) << error.message();
  }
}

// Compiles code for the GPU into a plan, runs it as kernels compiled here, and leaves all of it in the folder. Why not,
// or "".
std::string prepare(const ir::Graph& graph, const std::filesystem::path& folder) {
  try {
    const auto properties = device::open_device("cuda")->properties();
    plan::Plan plan = copy_of(*plan_for(graph, "cuda", "fp32"));
    compiler::embed_device_code(plan, {{properties.major, properties.minor}});
    plan::write_plan(plan, folder / "whole.plan");
    for (DeviceCode& each : plan.device_code) each.machine_code = {};
    plan::write_plan(plan, folder / "ptx.plan");
    std::vector<Value> outputs(1);
    Session(std::make_shared<const plan::Plan>(std::move(plan)), {{.threads = 1}}).run(random_inputs(graph), outputs);
    const Bytes bytes = outputs[0].tensor().bytes();
    write_file_atomically(folder / "expected", std::span(&bytes, 1), 0600);
    return "";
  } catch (const Error& error) {
    if (error.code() != Code::kDevice && error.code() != Code::kUnsupported) throw;
    return error.what();
  }
}

// Tells on the error stream how a session of the plan went, and ends the process.
[[noreturn]] void run_and_exit(const ir::Graph& graph, const std::filesystem::path& folder, const char* plan,
                               bool allow) {
  try {
    runtime::SessionOptions options{{.threads = 1}};
    options.allow_device_code = allow;
    Session session(std::make_shared<const plan::Plan>(plan::read_plan(folder / plan)), options);
    std::vector<Value> outputs(1);
    session.run(random_inputs(graph), outputs);
    const device::Effort effort = session.device()->report().effort;
    const auto expected = MappedFile::open(folder / "expected");
    const Bytes bytes = outputs[0].tensor().bytes();
    const bool same = std::equal(bytes.begin(), bytes.end(), expected->bytes().begin(), expected->bytes().end());
    fmt::print(stderr, "{} bits, {} compiled, {} kept, brought {}, translated {}\n", same ? "equal" : "other",
               effort.compiled, effort.code_found, effort.brought > 0, effort.translated > 0);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.message());
  }
  std::fflush(stderr);
  std::_Exit(0);
}

// Each session in a process of its own that has no NVRTC and an empty cache.
TEST(DeviceCodeOnAGpu, ServesWithoutCompilerAndCacheWhereItIsAllowed) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  constexpr const char* kFolder = "INGOT_TEST_FOLDER";
  const ir::Graph graph = ir::parse_graph(kOwnKernels);
  const TemporaryFolder own;
  const bool child = std::getenv(kFolder) != nullptr;
  const std::filesystem::path folder = child ? std::getenv(kFolder) : own.path.string();
  if (!child) {
    if (const std::string reason = prepare(graph, folder); !reason.empty()) GTEST_SKIP() << reason;
    std::filesystem::create_directory(folder / "libraries");
    cuda::put_decoy_of_nvrtc(folder / "libraries");
  }
  const char* libraries = std::getenv("INGOT_CUDA_LIBRARIES");
  const Environment variables[] = {
      {kFolder, folder.string()},
      {"INGOT_CACHE_DIR", (folder / "cache").string()},
      {"INGOT_DEVICE_CACHE", "on"},
      {"INGOT_CUDA_LIBRARIES", (folder / "libraries").string() + ":" + (libraries != nullptr ? libraries : "")}};
  EXPECT_EXIT(run_and_exit(graph, folder, "whole.plan", true), testing::ExitedWithCode(0),
              "equal bits, 0 compiled, 0 kept, brought true, translated false");
  EXPECT_EXIT(run_and_exit(graph, folder, "ptx.plan", true), testing::ExitedWithCode(0),
              "equal bits, 0 compiled, 0 kept, brought false, translated true");
  EXPECT_EXIT(run_and_exit(graph, folder, "whole.plan", false), testing::ExitedWithCode(0), "NVRTC is missing");
}

}  // namespace
}  // namespace ingot
