// Sessions of one plan share its weights on a device.
#include <gtest/gtest.h>

#include <thread>

#include "device_session.h"
#include "gpu_testing.h"

namespace ingot {
namespace {

using runtime::Session;

constexpr const char* kProduct = R"(graph g(%x: f32[4,64]) {
    %w: f32[64,512] = const random(1)
    %p = matmul(%x, %w)
    %y = softmax{axis=1}(%p)
    return %y
  })";

class SharedWeights : public testing::Test {
 protected:
  Session session(std::shared_ptr<const plan::Plan> of) { return Session(std::move(of), {{.threads = 1}}); }
  void run(Session& session) {
    std::vector<Value> outputs(1);
    session.run(random_inputs(graph), outputs);
  }
  static int64_t live() { return device::null_usage().live_bytes; }

  const ir::Graph graph = ir::parse_graph(kProduct);
  const std::shared_ptr<const plan::Plan> plan = plan_for(graph, "null", "fp16");
};

TEST_F(SharedWeights, LieOnADeviceOnceForAllSessionsOfThePlan) {
  const int64_t before = live();
  {
    auto first = std::make_unique<Session>(plan, runtime::SessionOptions{{.threads = 1}});
    run(*first);
    const int64_t one = live() - before;
    Session second = session(plan);
    run(second);
    const auto report = second.device()->report();
    EXPECT_EQ(report.constant_bytes, 2 * 64 * 512);
    EXPECT_EQ(report.constant_sharers, 2);
    EXPECT_EQ(report.spent.weight_bytes, 0) << "the second session copied none";
    EXPECT_GE(one, report.arena_bytes + report.constant_bytes);
    EXPECT_EQ(live() - before, one + report.arena_bytes) << "weights once, activations twice";
    first.reset();
    EXPECT_EQ(live() - before, one) << "the weights outlive the session that copied them";
    run(second);
    EXPECT_EQ(second.device()->report().constant_sharers, 1);
  }
  EXPECT_EQ(live(), before);
}

TEST_F(SharedWeights, AreThoseOfPlansThatWereReadFromEqualBytes) {
  const auto bytes = plan::serialize_plan(*plan);
  plan::Plan other = plan::parse_plan(bytes, nullptr);
  other.info.options["precision"] = "fp32";
  auto first = session(std::make_shared<const plan::Plan>(plan::parse_plan(bytes, nullptr)));
  auto second = session(std::make_shared<const plan::Plan>(plan::parse_plan(bytes, nullptr)));
  auto in_f32 = session(std::make_shared<const plan::Plan>(std::move(other)));
  auto built = session(plan);
  for (auto* each : {&first, &second, &in_f32, &built}) run(*each);
  EXPECT_EQ(first.device()->report().constant_sharers, 2);
  EXPECT_EQ(second.device()->report().constant_sharers, 2);
  EXPECT_EQ(in_f32.device()->report().constant_sharers, 1) << "another type";
  EXPECT_EQ(built.device()->report().constant_sharers, 1) << "another plan";
}

TEST_F(SharedWeights, AreNotThoseOfAPlanWhoseHashIsEqualByDesignButWhoseSizesAreNot) {
  const auto bytes = plan::serialize_plan(*plan);  // read where they lie
  const ir::Graph other = ir::parse_graph(R"(graph g(%x: f32[4,64]) {
    %w: f32[64,256] = const random(1)
    %p = matmul(%x, %w)
    return %p
  })");
  const auto other_bytes = plan::serialize_plan(*plan_for(other, "null", "fp16"));
  plan::Plan larger = plan::parse_plan(bytes, nullptr), smaller = plan::parse_plan(other_bytes, nullptr);
  smaller.file_hash = larger.file_hash;
  auto first = session(std::make_shared<const plan::Plan>(std::move(smaller)));
  auto second = session(std::make_shared<const plan::Plan>(std::move(larger)));
  run(first);
  run(second);
  EXPECT_EQ(second.device()->report().constant_sharers, 1);
  EXPECT_EQ(second.device()->report().constant_bytes, 2 * 64 * 512);
}

TEST_F(SharedWeights, AreCopiedOnceWhereSessionsBeginAtOnce) {
  const int64_t before = live();
  {
    std::vector<std::unique_ptr<Session>> sessions(6);
    std::vector<std::thread> threads;
    for (auto& each : sessions) {
      threads.emplace_back([&] {
        each = std::make_unique<Session>(plan, runtime::SessionOptions{{.threads = 1}});
        run(*each);
      });
    }
    for (std::thread& each : threads) each.join();
    int64_t copied = 0, arenas = 0;
    for (auto& each : sessions) {
      const auto report = each->device()->report();
      copied += report.spent.weight_bytes;
      arenas += report.arena_bytes;
    }
    EXPECT_EQ(copied, 2 * 64 * 512);
    EXPECT_LT(live() - before, arenas + 2 * copied);
  }
  EXPECT_EQ(live(), before);
}

TEST_F(SharedWeights, ServeOnAGpuAfterTheSessionThatCopiedThem) {
  std::string reason;
  if (open_gpu(reason) == nullptr) GTEST_SKIP() << reason;
  const auto on_gpu = plan_for(graph, "cuda", "fp32");
  const auto inputs = random_inputs(graph), expected = ir::interpret(graph, inputs);
  auto first = std::make_unique<Session>(on_gpu, runtime::SessionOptions{{.threads = 1}});
  Session second = session(on_gpu);
  std::vector<Value> outputs(1);
  first->run(inputs, outputs);
  second.run(inputs, outputs);
  first.reset();
  outputs[0] = Value();
  second.run(inputs, outputs);
  EXPECT_LE(relative_error(outputs[0].tensor(), expected[0].tensor()), 1e-5);
}

}  // namespace
}  // namespace ingot
