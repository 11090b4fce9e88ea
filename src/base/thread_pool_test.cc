#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

namespace ingot {
namespace {

TEST(ThreadPool, RunsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int64_t count : {0, 1, 2, 7, 8, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
      pool.run(count, [&](int64_t i) { ++hits[static_cast<size_t>(i)]; });
      for (const auto& hit : hits) EXPECT_EQ(hit, 1);
    }
  }
}

TEST(ThreadPool, CutsARangeIntoSlicesThatDependOnTheSizesAlone) {
  ThreadPool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread::id> ids(100);
    pool.run(100, [&](int64_t i) { ids[static_cast<size_t>(i)] = std::this_thread::get_id(); });
    EXPECT_EQ(ids[0], std::this_thread::get_id());
    for (const auto& [first, last] : {std::pair<int, int>{0, 33}, {33, 66}, {66, 100}}) {
      EXPECT_EQ(std::count(ids.begin() + first, ids.begin() + last, ids[static_cast<size_t>(first)]), last - first);
    }
  }
}

// On one core a worker may be anywhere when the caller comes: before its slice, in it, or asleep.
TEST(ThreadPool, RegionsStayShortWithMoreThreadsThanCores) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(before), &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
  std::atomic<int64_t> sum = 0;
  const auto start = std::chrono::steady_clock::now();
  {
    ThreadPool pool(4);
    for (int round = 0; round < 1000; ++round) pool.run(4, [&](int64_t i) { sum += i; });
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  ::sched_setaffinity(0, sizeof(before), &before);
  EXPECT_EQ(sum, 1000 * 6);
  EXPECT_LT(seconds.count(), 2.0);  // spinning workers would hold the core for milliseconds a region
}

TEST(ThreadPool, ResultsOfARegionAreVisibleToTheNext) {
  ThreadPool pool(4, 100);
  std::vector<int64_t> values(64, 0), next(64, 0);
  for (int round = 0; round < 3000; ++round) {
    pool.run(64, [&](int64_t i) { next[static_cast<size_t>(i)] = values[static_cast<size_t>(63 - i)] + 1; });
    values.swap(next);
  }
  EXPECT_EQ(values, std::vector<int64_t>(64, 3000));
}

TEST(ThreadPool, SleepingWorkersWakeForTheNextRegion) {
  ThreadPool pool(4, 0);  // workers sleep at once: every region races with going to sleep
  std::atomic<int64_t> sum = 0;
  for (int round = 0; round < 5000; ++round) {
    pool.run(4, [&](int64_t i) { sum += i; });
    if (round % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(sum, 5000 * 6);
}

TEST(ThreadPool, CallersFromSeveralThreadsAreServedOneAfterAnother) {
  ThreadPool pool(2, 1000);
  std::vector<std::thread> callers;
  std::atomic<int64_t> total = 0;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        std::vector<int64_t> mine(16, 0);
        pool.run(16, [&](int64_t i) { mine[static_cast<size_t>(i)] = i; });
        total += std::accumulate(mine.begin(), mine.end(), int64_t{0});
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(total, 4 * 500 * 120);
}

TEST(ThreadPool, CanBeMadeAndDroppedAtOnce) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(4, i % 2 ? 0 : 1000);
    if (i % 3 == 0) pool.run(4, [](int64_t) {});
  }
}

TEST(ThreadPool, TakesConstBodies) {
  ThreadPool pool(2);
  std::atomic<int> calls = 0;
  const auto body = [&](int64_t) { ++calls; };
  pool.run(5, body);
  EXPECT_EQ(calls, 5);
}

TEST(ThreadPool, ZeroThreadsMeansEveryCore) { EXPECT_GE(ThreadPool(0).threads(), 1); }

}  // namespace
}  // namespace ingot
