// What becomes of a session whose device is absent, full or lost; faults are those of the null device.
#include <gtest/gtest.h>
#include <ingot/ingot.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "models.h"

namespace ingot {
namespace {

constexpr int64_t kSize = 64;

ingot::Plan plan_on(const std::string& device, bool fallback, bool portable = true) {
  const auto bytes = relu_model(kSize);
  return Builder(bytes.data(), bytes.size())
      .option("device", device)
      .option("fallback", fallback ? "true" : "false")
      .option("no-portable", portable ? "false" : "true")
      .build();
}

std::vector<float> run(ingot::Session& session) {
  std::vector<float> x(2 * kSize);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5);
  const auto outputs = session.run({ingot::Value::borrow(x.data(), {2, kSize})});
  const auto* y = outputs[0].data<float>();
  return {y, y + outputs[0].count()};
}

std::vector<float> on_the_cpu() {
  ingot::Session session(plan_on("cpu", false));
  return run(session);
}

// The warnings of its lifetime.
class Warnings {
 public:
  Warnings() {
    ingot_set_log(
        2,
        [](void* self, int, const char* line) {
          const std::lock_guard lock(static_cast<Warnings*>(self)->mutex_);
          static_cast<Warnings*>(self)->lines_.emplace_back(line);
        },
        this);
  }
  ~Warnings() { ingot_set_log(2, nullptr, nullptr); }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

ingot_code code_of(const std::function<void()>& body, std::string* message = nullptr) {
  try {
    body();
  } catch (const Exception& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  return INGOT_OK;
}

TEST(Fallback, IsNotTakenUnlessAskedFor) {
  std::string message;
  EXPECT_EQ(code_of([] { ingot::Session session(plan_on("null:absent", false)); }, &message), INGOT_DEVICE);
  EXPECT_NE(message.find("absent"), std::string::npos);
  ingot::Session lost(plan_on("null:lost=1", false));
  EXPECT_EQ(code_of([&] { run(lost); }), INGOT_DEVICE);
  ingot::Session full(plan_on("null:memory=1", false));
  EXPECT_EQ(code_of([&] { run(full); }), INGOT_OUT_OF_MEMORY);
}

TEST(Fallback, GoesOnOnTheCpuAndSaysSo) {
  const std::vector<float> expected = on_the_cpu();
  for (const char* device : {"null:absent", "null:memory=1", "null:lost=1"}) {
    const Warnings warnings;
    ingot::Session session(plan_on(device, true));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run(session), expected) << device;
    const auto lines = warnings.lines();
    ASSERT_EQ(lines.size(), 1u) << device;
    EXPECT_NE(lines[0].find(std::string("device ") + device), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("goes on on the CPU"), std::string::npos) << lines[0];
  }
}

TEST(Fallback, LosesNoRunOfManyThreads) {
  const std::vector<float> expected = on_the_cpu();
  const Warnings warnings;
  ingot::Session session(plan_on("null:lost=1", true));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) wrong += run(session) == expected ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(warnings.lines().size(), 1u);
}

TEST(Fallback, BringsOperandsOfTheDeviceToTheHostAndBoundOutputsBack) {
  std::vector<float> x(2 * kSize);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5);
  for (const char* device : {"null:absent", "null:memory=1", "null:lost=1"}) {
    const Warnings warnings;
    ingot::Session session(plan_on(device, true));
    const auto there = ingot::Value::borrow(x.data(), {2, kSize}).to_device("null");
    const auto bound = ingot::Value::allocate_device(INGOT_F32, "null", {2, kSize});
    const ingot_value* inputs[] = {there.get()};
    for (int i = 0; i < 2; ++i) {
      ingot_value* outputs[] = {bound.get()};
      check(ingot_session_run(session.get(), inputs, outputs, nullptr));
      const auto y = bound.to_host();
      EXPECT_EQ(std::vector<float>(y.data<float>(), y.data<float>() + y.count()), on_the_cpu()) << device;
    }
    EXPECT_EQ(warnings.lines().size(), 1u) << device;
  }
}

TEST(Fallback, MakesOutputsThatWereToStayOnTheDeviceInMemoryOfItsOwn) {
  const Warnings warnings;
  ingot::Session session(plan_on("null:absent", true));
  const std::vector<float> x(2 * kSize);
  ingot_run_options options = default_run_options();
  const unsigned char stays[] = {1};
  options.outputs_on_device = stays;
  options.place_output = [](void*, size_t, const ingot_tensor_type*) -> void* {
    ADD_FAILURE() << "asked for memory of a device that is not there";
    return nullptr;
  };
  EXPECT_EQ(session.run({ingot::Value::borrow(x.data(), {2, kSize})}, options)[0].device(), "cpu");
}

TEST(Fallback, NeedsThePortableGraph) {
  const Warnings warnings;
  EXPECT_EQ(code_of([] { ingot::Session session(plan_on("null:absent", true, false)); }), INGOT_DEVICE);
  ASSERT_EQ(warnings.lines().size(), 1u);
  EXPECT_NE(warnings.lines()[0].find("no fallback"), std::string::npos);
}

TEST(Fallback, LeavesOtherErrorsAlone) {
  ingot::Session session(plan_on("null", true));
  const std::vector<float> x(kSize);
  EXPECT_EQ(code_of([&] { session.run({ingot::Value::borrow(x.data(), {kSize})}); }), INGOT_INVALID_ARGUMENT);
}

TEST(Device, AutoTakesTheBestThereIsAndSaysWhyNotABetterOne) {
  const auto bytes = relu_model(kSize);
  Builder builder(bytes.data(), bytes.size());
  const ingot::Plan plan = builder.option("device", "auto").build();
  const std::string report = builder.report_json();
  EXPECT_NE(report.find("\"asked\":\"auto\""), std::string::npos) << report;
  const bool cuda = report.find("\"built\":\"cuda\"") != std::string::npos;
  EXPECT_EQ(report.find("\"reason\":\"\"", report.find("\"asked\":\"auto\"")) != std::string::npos, cuda) << report;
  ingot::Session session(plan);
  EXPECT_EQ(run(session).size(), static_cast<size_t>(2 * kSize));
}

TEST(Device, IsAutoUnlessToldAndOnAMachineWithoutAGpuThatIsTheCpuInSilence) {
  const auto bytes = relu_model(kSize);
  const Warnings warnings;
  Builder untold(bytes.data(), bytes.size());
  const ingot::Plan plan = untold.build();
  EXPECT_NE(std::string(untold.report_json()).find("\"asked\":\"auto\""), std::string::npos);
  std::string why;
  if (code_of([] { check(ingot_device_check("cuda")); }, &why) == INGOT_OK) GTEST_SKIP() << "there is a GPU";
  EXPECT_EQ(plan.diff(plan_on("cpu", false)), "");
  EXPECT_TRUE(warnings.lines().empty());
}

TEST(Device, ExplicitCudaIsATypedErrorWhereThereIsNone) {
  std::string why;
  if (code_of([] { check(ingot_device_check("cuda:99")); }, &why) == INGOT_OK) GTEST_SKIP() << "there is a GPU 99";
  EXPECT_EQ(code_of([] { ingot::Session session(plan_on("cuda:99", false)); }), INGOT_DEVICE);
  EXPECT_FALSE(why.empty());
  const Warnings warnings;
  ingot::Session session(plan_on("cuda:99", true));
  EXPECT_EQ(run(session), on_the_cpu());
  EXPECT_EQ(warnings.lines().size(), 1u);
}

TEST(Device, CanBeAskedForWithoutOpeningIt) {
  EXPECT_EQ(code_of([] { check(ingot_device_check("cpu")); }), INGOT_OK);
  EXPECT_EQ(code_of([] { check(ingot_device_check("null")); }), INGOT_OK);
  EXPECT_EQ(code_of([] { check(ingot_device_check("null:absent")); }), INGOT_DEVICE);
  EXPECT_EQ(code_of([] { check(ingot_device_check("toaster")); }), INGOT_INVALID_ARGUMENT);
}

TEST(Device, UnknownFaultsOfTheNullDeviceListTheValidOnes) {
  std::string message;
  EXPECT_EQ(code_of([] { ingot::Session session(plan_on("null:tired", false)); }, &message), INGOT_INVALID_ARGUMENT);
  EXPECT_NE(message.find("lost=N"), std::string::npos);
}

}  // namespace
}  // namespace ingot
