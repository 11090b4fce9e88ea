#include "base/failing_tasks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "base/thread_pool.h"

namespace ingot {
namespace {

TEST(FailingTasks, TheFirstFailureGoesOnWhenAllAreDone) {
  ThreadPool pool(2);
  const auto on_pool = [&](int64_t count, auto& task) { pool.run(count, task); };
  std::atomic<int> done{0};
  try {
    run_failing(20, on_pool, [&](size_t i) {
      ++done;
      if (i % 7 == 5) throw std::runtime_error(std::to_string(i));
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "5");
  }
  EXPECT_EQ(done, 20);
}

}  // namespace
}  // namespace ingot
