#include "runtime/task_trace.h"

#include <gtest/gtest.h>

#include <set>

namespace ingot::runtime {
namespace {

TEST(TaskTrace, GivesEachThreadOneSpanPerRegion) {
  ThreadPool pool(2);
  const kernels::Parallel parallel = kernels::parallel_on(pool);
  std::vector<TaskTiming> timings;
  TaskTrace trace(parallel, now_ns(), timings);
  std::atomic<int64_t> sum{0};
  for (size_t step : {4, 7}) {
    trace.begin_step(step);
    std::atomic<int> arrived{0};
    trace.parallel().run(10, [&](int64_t i) {
      sum += i;
      // The firsts of the two slices meet, or the caller might do both.
      if (i % 5 != 0) return;
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
  }
  EXPECT_EQ(sum, 90);
  ASSERT_EQ(timings.size(), 4u);
  std::set<std::pair<size_t, int>> seen;
  for (const TaskTiming& timing : timings) {
    seen.emplace(timing.step, timing.thread);
    EXPECT_GE(timing.start_ns, 0);
    EXPECT_GE(timing.duration_ns, 0);
  }
  EXPECT_EQ(seen, (std::set<std::pair<size_t, int>>{{4, 0}, {4, 1}, {7, 0}, {7, 1}}));
}

TEST(TaskTrace, SaysNothingOfWorkThatIsNotShared) {
  ThreadPool pool(2);
  const kernels::Parallel parallel = kernels::parallel_on(pool);
  std::vector<TaskTiming> timings;
  TaskTrace trace(parallel, now_ns(), timings);
  int runs = 0;
  trace.parallel().run(1, [&](int64_t) { ++runs; });
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(timings.empty());
}

}  // namespace
}  // namespace ingot::runtime
