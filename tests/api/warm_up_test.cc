// Sessions that serve with one plan while another is built: what they promise to runs, to their owner and about errors.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <ingot/ingot.hpp>
#include <thread>

#include "base/folder_testing.h"
#include "models.h"

namespace ingot {
namespace {

constexpr int64_t kRows = 32, kWidth = 64;

Builder builder_of(const std::vector<std::byte>& bytes, const TemporaryFolder& folder, const char* level) {
  Builder builder(bytes.data(), bytes.size());
  builder.option("free-dimension", "batch=" + std::to_string(kRows)).option("threads", "1");
  builder.option("tuning-db", (folder.path / "tuning.jsonl").string()).option("tune", level);
  return builder;
}

ingot_session_options one_thread() {
  auto options = default_session_options();
  options.threads = 1;
  return options;
}

std::vector<float> run(ingot::Session& session) {
  std::vector<float> x(kRows * kWidth);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) / 13.0f - 0.5f;
  const auto outputs = session.run({ingot::Value::borrow(x.data(), {kRows, kWidth})});
  const auto* y = outputs[0].data<float>();
  return {y, y + outputs[0].count()};
}

// Kernels add in different orders: outputs lie within [-1, 1] and sums have at most a few hundred terms.
bool near(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= 1e-5f)) return false;
  }
  return true;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(WarmUp, LosesNoRunAndChangesNoneWhilePlansAreSwapped) {
  const TemporaryFolder folder;
  const auto bytes = layered_model(6);
  auto builder = builder_of(bytes, folder, "quick");
  ingot::Session session = builder.warming_session(one_thread());
  const auto expected = run(session);
  std::atomic<bool> swapped{false};
  std::atomic<int> before{0}, after{0}, wrong{0}, failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int more = 20; more > 0;) {
        const bool late = swapped;
        try {
          wrong += near(run(session), expected) ? 0 : 1;
        } catch (const Exception&) {
          ++failed;
        }
        ++(late ? after : before);
        more -= late ? 1 : 0;
      }
    });
  }
  const std::string report = warm_up_json(session, -1);
  swapped = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(has(report, R"("state":"taken")")) << report;
  EXPECT_TRUE(has(report, R"("tuning":)")) << report;
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(failed, 0);
  EXPECT_GE(before, 1);
  EXPECT_EQ(after, 4 * 20);
  EXPECT_TRUE(has(session.plan().text(), "measured")) << "the plan that serves is not the measured one";
}

TEST(WarmUp, ServesBeforeTheBuildIsOver) {
  const TemporaryFolder folder;
  const auto bytes = layered_model(12);
  auto builder = builder_of(bytes, folder, "full");
  ingot::Session session = builder.warming_session(one_thread());
  EXPECT_EQ(run(session).size(), static_cast<size_t>(kRows * kWidth));
  EXPECT_TRUE(has(warm_up_json(session), R"("state":"building")"));
}

TEST(WarmUp, EndsWithTheSession) {
  const TemporaryFolder folder;
  const auto bytes = layered_model(12);
  auto builder = builder_of(bytes, folder, "full");
  auto session = std::make_unique<ingot::Session>(builder.warming_session(one_thread()));
  run(*session);
  const auto begin = std::chrono::steady_clock::now();
  session.reset();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(taken.count(), 5.0);  // what is left to measure takes longer by far
}

TEST(WarmUp, IsStoppedOnRequestAndTheSessionGoesOn) {
  const TemporaryFolder folder;
  const auto bytes = layered_model(12);
  auto builder = builder_of(bytes, folder, "full");
  ingot::Session session = builder.warming_session(one_thread());
  const auto expected = run(session);
  ingot_session_stop_warm_up(session.get());
  const std::string report = warm_up_json(session, -1);
  EXPECT_TRUE(has(report, R"("state":"stopped")")) << report;
  EXPECT_EQ(run(session), expected);
}

TEST(WarmUp, OutlivesItsBuilderAndItsBytes) {
  const TemporaryFolder folder;
  auto session = [&] {
    const auto bytes = layered_model(3);
    auto builder = builder_of(bytes, folder, "quick");
    return builder.warming_session(one_thread());
  }();
  EXPECT_TRUE(has(warm_up_json(session, -1), R"("state":"taken")"));
  EXPECT_EQ(run(session).size(), static_cast<size_t>(kRows * kWidth));
}

// An operator of the application that knows no type on other threads than this one: builds in the background fail.
TEST(WarmUp, ThatFailsLeavesTheFirstPlanServingAndSaysWhy) {
  static const std::thread::id here = std::this_thread::get_id();
  ingot_custom_operator op{};
  op.size = sizeof(op);
  op.domain = "test";
  op.op_type = "OnlyHere";
  op.infer = [](void*, const char*, const ingot_tensor_type* inputs, size_t, void* context,
                void (*set_output)(void*, size_t, const ingot_tensor_type*)) -> ingot_error* {
    if (std::this_thread::get_id() != here) return ingot_error_create(INGOT_UNSUPPORTED, "not on this thread");
    set_output(context, 0, inputs);
    return nullptr;
  };
  op.eval = [](void*, const char*, const ingot_tensor* inputs, size_t, void* context,
               void* (*allocate)(void*, size_t, const ingot_tensor_type*)) -> ingot_error* {
    auto* out = static_cast<float*>(allocate(context, 0, &inputs[0].type));
    std::copy_n(static_cast<const float*>(inputs[0].data), kRows * kWidth, out);
    return nullptr;
  };
  check(ingot_register_custom_operator(&op));
  const TemporaryFolder folder;
  const auto bytes = layered_model(2, "OnlyHere");
  std::vector<std::string> lines;
  ingot_set_log(
      2, [](void* user, int, const char* line) { static_cast<std::vector<std::string>*>(user)->emplace_back(line); },
      &lines);
  auto builder = builder_of(bytes, folder, "quick");
  ingot::Session session = builder.warming_session(one_thread());
  const auto expected = run(session);
  const std::string report = warm_up_json(session, -1);
  ingot_set_log(2, nullptr, nullptr);
  EXPECT_TRUE(has(report, R"("state":"failed")")) << report;
  EXPECT_TRUE(has(report, "not on this thread")) << report;
  EXPECT_EQ(run(session), expected);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(has(lines[0], "the first plan goes on serving")) << lines[0];
}

TEST(WarmUp, TakesAMeasuredPlanFromTheCacheAtOnce) {
  const TemporaryFolder folder;  // of the default tuning database: one that is named counts with its content
  ASSERT_EQ(setenv("INGOT_CACHE_DIR", (folder.path / "cache").c_str(), 1), 0);
  const auto bytes = layered_model(2);
  for (const char* state : {R"("state":"taken")", R"("state":"cached")"}) {
    Builder builder(bytes.data(), bytes.size());
    builder.option("free-dimension", "batch=" + std::to_string(kRows)).option("engine_cache_enable", "true");
    ingot::Session session = builder.warming_session(one_thread());
    const std::string report = warm_up_json(session, -1);
    EXPECT_TRUE(has(report, state)) << report;
    run(session);
  }
  unsetenv("INGOT_CACHE_DIR");
}

TEST(WarmUp, IsNoneOfAnOrdinarySession) {
  const auto bytes = layered_model(1);
  ingot::Session session(Builder(bytes.data(), bytes.size()).build());
  EXPECT_TRUE(has(warm_up_json(session, -1), R"("state":"none")"));
  ingot_session_stop_warm_up(session.get());
}

TEST(WarmUp, OfALostDeviceGoesOnOnTheCpu) {
  const TemporaryFolder folder;
  const auto bytes = layered_model(2);
  auto builder = builder_of(bytes, folder, "quick");
  builder.option("device", "null:lost=1").option("fallback", "true");
  ingot::Session session = builder.warming_session(one_thread());
  Builder plain(bytes.data(), bytes.size());
  ingot::Session cpu(plain.build());
  const auto expected = run(cpu);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(near(run(session), expected));
  warm_up_json(session, -1);
  EXPECT_TRUE(near(run(session), expected));
}

}  // namespace
}  // namespace ingot
