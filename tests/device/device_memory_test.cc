// Inputs and outputs that lie in device memory are used where they lie.
#include "device/memory.h"

#include <gtest/gtest.h>

#include <set>

#include "device_session.h"

namespace ingot {
namespace {

using device::Memory;
using device::null_usage;
using runtime::RunControl;
using runtime::Session;

constexpr const char* kNegation = R"(graph g(%x: f32[n,64]) {
    %y = unary{fn=neg}(%x)
    return %y
  })";

// Runs with every operand in memory of the device.
void run_on_device(Session& session, std::span<const Value> inputs, std::span<Value> outputs, RunControl control = {}) {
  const std::vector<uint8_t> in(inputs.size(), 1), out(outputs.size(), 1);
  control.device_inputs = in;
  control.device_outputs = out;
  session.run(inputs, outputs, control);
}

Tensor to_device(const std::string& name, const Tensor& tensor) {
  Tensor there = Memory::of(name)->allocate(tensor.dtype(), tensor.shape());
  Memory::of(name)->copy_in(there, tensor);
  return there;
}

// The addresses that operations of null devices got while `body` ran.
std::set<device::Address> addresses_seen(const std::function<void()>& body) {
  std::set<device::Address> seen;
  device::observe_null_operations([&](std::span<const device::Address> all) { seen.insert(all.begin(), all.end()); });
  body();
  device::observe_null_operations({});
  return seen;
}

TEST(DeviceMemory, OperandsOnTheDeviceAreNotCopied) {
  for (const char* precision : {"fp32", "fp16"}) {
    Session session(plan_for(ir::parse_graph(kNegation), "null", precision), {{.threads = 1}});
    const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {3, 64}, 1))};
    std::vector<Value> outputs{Memory::of("null")->allocate(DType::kF32, {3, 64})};
    const device::Address x = device::address_of(inputs[0].tensor()), y = device::address_of(outputs[0].tensor());
    session.device()->bind(std::vector<Shape>{{3, 64}});
    const auto before = null_usage();
    const auto seen = addresses_seen([&] { run_on_device(session, inputs, outputs); });
    const auto after = null_usage();
    EXPECT_EQ(after.copies_in, before.copies_in);
    EXPECT_EQ(after.copies_out, before.copies_out);
    EXPECT_EQ(after.copies, before.copies);
    EXPECT_TRUE(seen.count(x) == 1 && seen.count(y) == 1) << precision;
    EXPECT_EQ(device::address_of(outputs[0].tensor()), y);
  }
}

TEST(DeviceMemory, CopiesWithinADeviceDoNotPassThroughTheHost) {
  const Tensor from = to_device("null", random_tensor(DType::kF32, {3, 64}, 1));
  const Tensor to = Memory::of("null")->allocate(DType::kF32, {3, 64});
  const auto before = null_usage();
  Memory::of("null")->copy(to, from);
  const auto after = null_usage();
  EXPECT_EQ(after.copies, before.copies + 1);
  EXPECT_TRUE(after.copies_in == before.copies_in && after.copies_out == before.copies_out);
  EXPECT_TRUE(identical(Memory::of("null")->copy_out(to), Memory::of("null")->copy_out(from)));
  EXPECT_THROW(Memory::of("null")->copy(Memory::of("null")->allocate(DType::kF32, {2, 64}), from), Error);
}

TEST(DeviceMemory, AGraphIsRecordedOncePerPlaceOfItsOperands) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp16"), {{.threads = 1}});
  std::vector<Value> inputs(2), outputs(2);
  for (size_t i = 0; i < 2; ++i) {
    inputs[i] = to_device("null", random_tensor(DType::kF32, {3, 64}, i));
    outputs[i] = Memory::of("null")->allocate(DType::kF32, {3, 64});
  }
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < 2; ++i) {
      run_on_device(session, std::span(inputs).subspan(i, 1), std::span(outputs).subspan(i, 1));
    }
  }
  EXPECT_EQ(session.device()->report().recordings, 2u);
}

TEST(DeviceMemory, OutputsWithoutMemoryReceiveSome) {
  const int64_t before = null_usage().live_bytes;
  {
    Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
    const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {5, 64}, 1))};
    std::vector<Value> outputs(1);
    run_on_device(session, inputs, outputs);
    EXPECT_EQ(outputs[0].tensor().shape(), (Shape{5, 64}));
    EXPECT_NE(device::address_of(outputs[0].tensor()), 0u);
  }
  EXPECT_EQ(null_usage().live_bytes, before);
}

TEST(DeviceMemory, AnOutputOverAnInputIsWrittenAtTheEnd) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
  const Tensor state = to_device("null", random_tensor(DType::kF32, {3, 64}, 1));
  std::vector<Value> inputs{state}, outputs{state};
  const int64_t before = null_usage().copies;
  run_on_device(session, inputs, outputs);
  EXPECT_EQ(null_usage().copies, before + 1);
}

TEST(DeviceMemory, WhatIsNotAlignedIsCopiedWithinTheDevice) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
  const Tensor whole = Memory::of("null")->allocate(DType::kF32, {4, 64});
  const auto* odd = static_cast<const float*>(whole.raw()) + 1;
  const std::vector<Value> inputs{Tensor(DType::kF32, {3, 64}, odd, nullptr)};
  std::vector<Value> outputs(1);
  const auto before = null_usage();
  run_on_device(session, inputs, outputs);
  EXPECT_EQ(null_usage().copies, before.copies + 1);
  EXPECT_EQ(null_usage().copies_in, before.copies_in);
}

TEST(DeviceMemory, StepsOfTheHostFetchWhatLiesOnTheDevice) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[4,6]) {
    %h = hardmax(%x)
    %y = unary{fn=neg}(%h)
    return %x, %h, %y
  })");
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  const auto host = random_inputs(graph), expected = ir::interpret(graph, host);
  const std::vector<Value> inputs{to_device("null", host[0].tensor())};
  std::vector<Value> outputs(3);
  run_on_device(session, inputs, outputs);
  for (const size_t i : {size_t{0}, size_t{1}}) {
    EXPECT_TRUE(identical(Memory::of("null")->copy_out(outputs[i].tensor()), expected[i].tensor())) << i;
  }
}

TEST(DeviceMemory, BoundMemoryOfAnotherShapeIsRefused) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
  const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {3, 64}, 1))};
  std::vector<Value> outputs{Memory::of("null")->allocate(DType::kF32, {2, 64})};
  try {
    run_on_device(session, inputs, outputs);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidArgument) << error.what();
  }
}

TEST(DeviceMemory, SessionsOnTheCpuRefuseIt) {
  const ir::Graph graph = ir::parse_graph(kNegation);
  plan::Plan plan = lower::lower(fused(graph), graph, {});
  plan.info.kernel_abi = plan::kernel_abi();
  Session session(std::make_shared<const plan::Plan>(std::move(plan)), {{.threads = 1}});
  const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {3, 64}, 1))};
  std::vector<Value> outputs(1);
  EXPECT_THROW(run_on_device(session, inputs, outputs), Error);
}

TEST(DeviceMemory, ARunIsOrderedByTheCallersStream) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
  const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {3, 64}, 1))};
  std::vector<Value> outputs(1);
  RunControl control;
  control.stream = 7;
  const auto before = null_usage();
  run_on_device(session, inputs, outputs, control);
  EXPECT_EQ(null_usage().followed, before.followed + 1);
  EXPECT_EQ(null_usage().preceded, before.preceded + 1);
  EXPECT_EQ(null_usage().waits, before.waits + 1);
}

TEST(DeviceMemory, AsynchronousRunsWaitForNothingUnlessAnOutputGoesToTheHost) {
  Session session(plan_for(ir::parse_graph(kNegation), "null", "fp32"), {{.threads = 1}});
  const std::vector<Value> inputs{to_device("null", random_tensor(DType::kF32, {3, 64}, 1))};
  std::vector<Value> outputs{Memory::of("null")->allocate(DType::kF32, {3, 64})}, to_host(1);
  RunControl control;
  control.asynchronous = true;
  const int64_t before = null_usage().waits;
  run_on_device(session, inputs, outputs, control);
  EXPECT_EQ(null_usage().waits, before);
  const std::vector<uint8_t> there{1};
  control.device_inputs = there;
  session.run(inputs, to_host, control);
  EXPECT_GT(null_usage().waits, before);
}

TEST(DeviceMemory, ResultsAreTheSameOnAGpu) {
  for (const auto& each : kDeviceCases) {
    const ir::Graph graph = ir::parse_graph(each.text);
    std::unique_ptr<Session> session;
    try {
      session = std::make_unique<Session>(plan_for(graph, "cuda", "fp16"), runtime::SessionOptions{{.threads = 1}});
    } catch (const Error& error) {
      if (error.code() != Code::kDevice) throw;
      GTEST_SKIP() << error.what();
    }
    const auto host = random_inputs(graph);
    std::vector<Value> expected(graph.outputs().size()), inputs;
    session->run(host, expected);
    for (const Value& input : host) inputs.emplace_back(to_device("cuda", input.tensor()));
    for (int round = 0; round < 4; ++round) {
      std::vector<Value> outputs(expected.size());
      RunControl control;
      control.asynchronous = round % 2 != 0;
      if (round > 1) control.stream = 2;  // the thread's default stream
      run_on_device(*session, inputs, outputs, control);
      for (size_t i = 0; i < outputs.size(); ++i) {
        EXPECT_TRUE(identical(Memory::of("cuda")->copy_out(outputs[i].tensor()), expected[i].tensor()))
            << each.name << " output " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ingot
