#include "runtime/streams.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace ingot::runtime {
namespace {

TEST(Streams, ShareTheThreadsOutAmongThem) {
  EXPECT_EQ(Streams({.threads = 8}).count(), 1);
  EXPECT_EQ(Streams({.threads = 8}).threads(), 8);
  EXPECT_EQ(Streams({.threads = 8, .streams = 3}).threads(), 2);
  EXPECT_EQ(Streams({.threads = 2, .streams = 5}).threads(), 1);
  EXPECT_EQ(Streams({.threads = 6, .streams = -1}).count(), 6);
  EXPECT_EQ(Streams({.threads = 6, .streams = -1}).threads(), 1);
}

TEST(Streams, GiveEachRunTheStreamWithTheFewest) {
  Streams streams({.threads = 2, .streams = 2});
  const Streams::Share first(streams), second(streams), third(streams);
  EXPECT_NE(&first.parallel(), &second.parallel());
  EXPECT_EQ(&third.parallel(), &first.parallel());
}

TEST(Streams, RunRegionsAtTheSameTime) {
  Streams streams({.threads = 4, .streams = 2, .spins = 0});
  std::atomic<int> inside = 0;
  auto meet = [&](int64_t) {  // ends only when both regions are under way
    ++inside;
    while (inside < 4) std::this_thread::yield();
  };
  const auto run = [&] {
    const Streams::Share share(streams);
    share.parallel().run(2, meet);
  };
  std::thread other(run);
  run();
  other.join();
  EXPECT_EQ(inside, 4);
}

TEST(Streams, PinWorkersToOneCoreAndLeaveTheCallerAlone) {
  Streams streams({.threads = 2, .spins = 0, .pin = true});
  const Streams::Share share(streams);
  const std::vector<int> before = process_cpus();
  std::vector<std::vector<int>> cpus(2);
  std::vector<std::thread::id> threads(2);
  std::atomic<int> inside = 0;
  share.parallel().run(2, [&](int64_t i) {
    ++inside;
    while (inside < 2) std::this_thread::yield();  // so that each thread does its own part
    cpus[static_cast<size_t>(i)] = process_cpus();
    threads[static_cast<size_t>(i)] = std::this_thread::get_id();
  });
  ASSERT_NE(threads[0], threads[1]);
  EXPECT_EQ(cpus[0], before);
  EXPECT_EQ(cpus[1], std::vector<int>{before[1 % before.size()]});
}

}  // namespace
}  // namespace ingot::runtime
