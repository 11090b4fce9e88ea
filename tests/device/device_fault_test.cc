// What goes wrong on a device ends in one typed error, leaks nothing, and leaves usable what can be.
#include <gtest/gtest.h>

#include "device/memory.h"
#include "device_session.h"
#include "gpu_testing.h"

namespace ingot {
namespace {

using device::null_usage;
using runtime::Session;

constexpr const char* kProduct = R"(graph g(%x: f32[n,64]) {
    %y = unary{fn=neg}(%x)
    %z = unary{fn=exp}(%y)
    %h = softmax{axis=1}(%z)
    return %h
  })";

std::vector<Value> rows(int64_t count) { return {random_tensor(DType::kF32, {count, 64}, 1)}; }

// The code of the error that the run ends in; nothing when it succeeds.
std::optional<Code> run(Session& session, int64_t count) {
  std::vector<Value> outputs(1);
  try {
    session.run(rows(count), outputs);
  } catch (const Error& error) {
    EXPECT_GT(error.message().size(), 10u);
    return error.code();
  }
  EXPECT_EQ(outputs[0].tensor().shape(), (Shape{count, 64}));
  return std::nullopt;
}

// Leaves no device memory behind.
class DeviceFault : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(null_usage().live_bytes, before_); }
  std::unique_ptr<Session> session_on(const std::string& device) const {
    return std::make_unique<Session>(plan_for(ir::parse_graph(kProduct), device, "fp32"),
                                     runtime::SessionOptions{{.threads = 1}});
  }

 private:
  const int64_t before_ = null_usage().live_bytes;
};

TEST_F(DeviceFault, TooLittleMemoryIsATypedErrorAndSmallerRunsGoOn) {
  const auto session = session_on("null:memory=65536");
  const int64_t before = null_usage().live_bytes;
  EXPECT_EQ(run(*session, 4096), Code::kOutOfMemory);
  EXPECT_EQ(null_usage().live_bytes, before);
  EXPECT_EQ(run(*session, 4), std::nullopt);
  EXPECT_EQ(run(*session, 4096), Code::kOutOfMemory);
  EXPECT_EQ(run(*session, 4), std::nullopt);
}

TEST_F(DeviceFault, OtherShapesAreGivenUpBeforeMemoryIsSaidToBeOut) {
  const auto session = session_on("null:memory=65536");
  for (const int64_t count : {50, 60, 70, 50, 60, 70}) EXPECT_EQ(run(*session, count), std::nullopt) << count;
}

TEST_F(DeviceFault, WeightsThatDoNotFitAreATypedError) {
  const ir::Graph graph = ir::parse_graph(kDeviceCases[0].text);
  Session session(plan_for(graph, "null:memory=512", "fp32"), {{.threads = 1}});
  std::vector<Value> outputs(graph.outputs().size());
  try {
    session.run(random_inputs(graph), outputs);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kOutOfMemory) << error.what();
  }
}

TEST_F(DeviceFault, AKernelThatFaultsIsATypedErrorWhereverItDoes) {
  int faulted = 0;
  for (int at = 1; at <= 12; ++at) {
    const auto session = session_on(fmt::format("null:fault={}", at));
    std::optional<Code> code;
    for (int round = 0; round < 4 && !code; ++round) code = run(*session, 4);
    if (!code) continue;
    ++faulted;
    EXPECT_EQ(*code, Code::kDevice) << at;
    EXPECT_EQ(run(*session, 4), std::nullopt) << "a fault that passes leaves the session usable: " << at;
  }
  EXPECT_GE(faulted, 4);
}

TEST_F(DeviceFault, ALostDeviceStaysLost) {
  const auto session = session_on("null:lost=2");
  EXPECT_EQ(run(*session, 4), std::nullopt);
  EXPECT_EQ(run(*session, 4), Code::kDevice);
  EXPECT_EQ(run(*session, 4), Code::kDevice);
}

TEST_F(DeviceFault, ValuesThatDoNotFitAreATypedError) {
  try {
    device::Memory::of("null")->allocate(DType::kF32, {int64_t{1} << 50});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kOutOfMemory);
  }
}

TEST(DeviceFaultOnAGpu, OutOfMemoryLeavesTheSessionUsable) {
  std::string reason;
  const auto device = open_gpu(reason);
  if (device == nullptr) GTEST_SKIP() << reason;
  Session session(plan_for(ir::parse_graph(kProduct), "cuda", "fp32"), {{.threads = 1}});
  EXPECT_EQ(run(session, 4), std::nullopt);
  {
    // Nearly all that is free is taken; what a run of 256 MiB needs does not fit.
    const device::Buffer taken(*device, device->properties().free_bytes - (int64_t{128} << 20));
    EXPECT_EQ(run(session, 1 << 20), Code::kOutOfMemory);
    EXPECT_EQ(run(session, 4), std::nullopt);
  }
  EXPECT_EQ(run(session, 1 << 20), std::nullopt);
}

TEST(DeviceFaultOnAGpu, SessionsGiveBackTheirMemory) {
  std::string reason;
  const auto device = open_gpu(reason);  // keeps the context
  if (device == nullptr) GTEST_SKIP() << reason;
  int64_t after_first = 0;
  for (int round = 0; round < 5; ++round) {
    {
      Session session(plan_for(ir::parse_graph(kProduct), "cuda", "fp32"), {{.threads = 1}});
      EXPECT_EQ(run(session, 4096), std::nullopt);
    }
    device->synchronize();
    if (round == 0) after_first = device->properties().free_bytes;
  }
  EXPECT_GE(device->properties().free_bytes, after_first);
}

// In a process of its own, which starts anew: the context of this one would be lost for the tests that follow.
TEST(DeviceFaultOnAGpu, AKernelThatFaultsIsATypedError) {
  std::string reason;
  if (open_gpu(reason) == nullptr) GTEST_SKIP() << reason;
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const auto device = device::open_device("cuda");
        const auto bad = device->load("extern \"C\" __global__ void bad(float* x) { *x = 1; }");
        const auto operation = bad->operation({"bad", {1, 1, 1}, {1, 1, 1}});
        const device::Address nowhere[] = {16};
        int exit_code = 1;
        try {
          operation->enqueue(nowhere, 0);
          device->synchronize();
        } catch (const Error& error) {
          exit_code = error.code() == Code::kDevice ? 0 : 2;
        }
        exit(exit_code);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ingot
