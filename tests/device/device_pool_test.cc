// A session on several devices shares out its runs.
#include "runtime/device_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "compiler/compiler.h"
#include "device_session.h"

namespace ingot {
namespace {

using runtime::Session;

constexpr const char* kNegation = R"(graph g(%x: f32[n,64]) {
    %y = unary{fn=neg}(%x)
    return %y
  })";

Session session_on(const std::string& devices) {
  return Session(plan_for(ir::parse_graph(kNegation), devices, "fp32"), {{.threads = 1}});
}

void run(Session& session) {
  const std::vector<Value> inputs{random_tensor(DType::kF32, {4, 64}, 1)};
  std::vector<Value> outputs(1);
  session.run(inputs, outputs);
  EXPECT_EQ(outputs[0].tensor().shape(), (Shape{4, 64}));
}

TEST(DevicePool, RunsTakeTheDeviceThatHasBeenFreeTheLongest) {
  Session session = session_on("null,null,null");
  for (int i = 0; i < 6; ++i) run(session);
  EXPECT_EQ(session.devices()->runs(), (std::vector<size_t>{2, 2, 2}));
}

TEST(DevicePool, ManyThreadsLoseNoRun) {
  Session session = session_on("null,null");
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) run(session);
    });
  }
  for (std::thread& each : threads) each.join();
  const auto runs = session.devices()->runs();
  EXPECT_EQ(runs[0] + runs[1], 300u);
  EXPECT_GT(std::min(runs[0], runs[1]), 0u);
}

TEST(DevicePool, NoThreadWaitsWhileOthersRunAgainAndAgain) {
  constexpr int kThreads = 6, kRuns = 120;
  // Copied for longer than threads take to ask again.
  const std::vector<Value> inputs{random_tensor(DType::kF32, {1 << 15, 64}, 1)};
  for (const char* devices : {"null", "null,null"}) {
    Session session = session_on(devices);
    std::atomic<int> left{kRuns};
    std::vector<int> shares(kThreads, 0);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::vector<Value> outputs(1); left-- > 0; ++shares[static_cast<size_t>(t)]) session.run(inputs, outputs);
      });
    }
    for (std::thread& each : threads) each.join();
    EXPECT_GE(*std::min_element(shares.begin(), shares.end()), kRuns / kThreads / 2) << devices;
  }
}

TEST(DevicePool, ARunThatWaitsCanBeCancelled) {
  Session session = session_on("null");
  // Long to copy: many of these runs wait while one is under way.
  const std::vector<Value> inputs{random_tensor(DType::kF32, {1 << 16, 64}, 1)};
  int stop = 1;  // set from the start: only a run that waits, or has not begun, sees it
  std::atomic<bool> ended = false;
  std::thread busy([&] {
    for (std::vector<Value> outputs(1); !ended;) session.run(inputs, outputs);
  });
  runtime::RunControl control;
  control.cancelled = &stop;
  int waited = 0;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (waited == 0 && std::chrono::steady_clock::now() < limit) {
    std::vector<Value> outputs(1);
    try {
      session.run(inputs, outputs, control);
      ADD_FAILURE() << "the run was not stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kCancelled) << error.what();
      waited += std::string(error.what()).find("waited for a device") != std::string::npos;
    }
  }
  EXPECT_GT(waited, 0);
  ended = true;
  busy.join();
  run(session);  // those that were stopped left the queue
}

TEST(DevicePool, ADeviceThatIsLostGetsNoMoreRunsAndItsLastOneIsRunElsewhere) {
  Session session = session_on("null:lost=2,null");
  for (int i = 0; i < 6; ++i) run(session);
  EXPECT_EQ(session.devices()->runs(), (std::vector<size_t>{1, 5}));
  EXPECT_GT(session.device()->report().operations, 0u);  // of the one that is left
}

TEST(DevicePool, WhenAllAreLostTheErrorIsTheLastOnes) {
  Session session = session_on("null:lost=1,null:lost=2");
  run(session);  // the first is lost, the second runs it
  for (int i = 0; i < 2; ++i) {
    try {
      run(session);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kDevice) << error.what();
    }
  }
}

TEST(DevicePool, ValuesOnADeviceAreRefused) {
  Session session = session_on("null,null");
  std::vector<Value> outputs(1);
  const std::vector<uint8_t> stays{1};
  runtime::RunControl control;
  control.device_outputs = stays;
  try {
    session.run(std::vector<Value>{random_tensor(DType::kF32, {4, 64}, 1)}, outputs, control);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported) << error.what();
  }
}

TEST(DevicePool, AnAbsentDeviceIsAnErrorOfTheSession) {
  try {
    session_on("null,null:absent");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDevice) << error.what();
  }
}

TEST(DevicePool, ThreadsThatWaitGetTheErrorWhenAllAreLost) {
  Session session = session_on("null:lost=20,null:lost=30");
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        std::vector<Value> outputs(1);
        try {
          session.run(std::vector<Value>{random_tensor(DType::kF32, {4, 64}, 1)}, outputs);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Code::kDevice) << error.what();
          ++refused;
        }
      }
    });
  }
  for (std::thread& each : threads) each.join();
  const auto runs = session.devices()->runs();
  EXPECT_EQ(runs[0] + runs[1] + static_cast<size_t>(refused), 120u);
  EXPECT_GT(refused, 0);
}

TEST(DevicePool, NamesOfOtherThanSeveralAcceleratorsOfOneKindAreRefused) {
  compiler::BuildOptions options;
  for (const char* good : {"cuda:0,1", "cuda,cuda:1", "cuda:0,0", "null,null"}) {
    compiler::set_build_option(options, "device", good);
    EXPECT_EQ(options.device, good);
  }
  for (const char* bad :
       {"cpu,cuda:0", "cpu,cpu", "auto,auto", "cuda:0,null", "cuda:0,", ",cuda", "cuda:", "cuda:0;1", "0"}) {
    try {
      compiler::set_build_option(options, "device", bad);
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInvalidArgument) << error.what();
    }
  }
}

// Milliseconds for 64 runs by eight threads.
double throughput_time(Session& session, const std::vector<Value>& inputs) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) {
        std::vector<Value> outputs(1);
        session.run(inputs, outputs);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Many products for few bytes to carry, so that GPUs have more to do than the host.
std::string many_products() {
  std::string text = "graph g(%x: f32[1024,1024]) {\n  %s0 = softmax{axis=1}(%x)\n";
  constexpr int kProducts = 100;
  for (int i = 0; i < kProducts; ++i) {
    text += fmt::format("  %a{0} = matmul(%s{1}, %x)\n  %s{0} = softmax{{axis=1}}(%a{0})\n", i + 1, i);
  }
  return text + fmt::format("  return %s{}\n}}", kProducts);
}

TEST(DevicePool, TwoGpusAgreeWithOne) {
  const auto graph = ir::parse_graph(many_products());
  const auto inputs = random_inputs(graph);
  std::unique_ptr<Session> both;
  try {
    both = std::make_unique<Session>(plan_for(graph, "cuda:0,1", "fp16"), runtime::SessionOptions{{.threads = 1}});
  } catch (const Error& error) {
    if (error.code() != Code::kDevice) throw;
    GTEST_SKIP() << error.what();
  }
  Session one(plan_for(graph, "cuda:0", "fp16"), {{.threads = 1}});
  std::vector<Value> expected(1);
  one.run(inputs, expected);
  for (int i = 0; i < 4; ++i) {
    std::vector<Value> outputs(1);
    both->run(inputs, outputs);
    EXPECT_LE(relative_error(outputs[0].tensor(), expected[0].tensor()), 3e-3) << i;  // each GPU picks its kernels
  }
  EXPECT_EQ(both->devices()->runs(), (std::vector<size_t>{2, 2}));
  const double one_time = throughput_time(one, inputs), both_time = throughput_time(*both, inputs);
  std::printf("64 runs: %.2f ms on one GPU, %.2f ms on two: %.2f x\n", one_time, both_time, one_time / both_time);
}

}  // namespace
}  // namespace ingot
