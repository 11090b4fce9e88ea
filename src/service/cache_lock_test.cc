#include "service/cache_lock.h"

#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "service/test_requests.h"

namespace ingot::service {
namespace {

using testing::Folder;
using State = CacheLock::State;

TEST(CacheLock, OneHolderAtATimeAndNoFileIsLeft) {
  const Folder folder;
  const auto path = folder.path() / "a.lock";
  {
    const CacheLock first(path, 0);
    EXPECT_EQ(first.state(), State::kHeld);
    EXPECT_EQ(CacheLock(path, 0.02).state(), State::kTimedOut);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(CacheLock(path, 0).state(), State::kHeld);
}

TEST(CacheLock, NeverTwoHoldersUnderContention) {
  const Folder folder;
  std::atomic<int> inside{0}, worst{0}, entered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 30; ++round) {
        const CacheLock lock(folder.path() / "a.lock", 30);
        if (lock.state() != State::kHeld) continue;
        if (const int now = ++inside; now > worst) worst = now;
        std::this_thread::yield();
        --inside;
        ++entered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(worst, 1);
  EXPECT_EQ(entered, 180);
}

TEST(CacheLock, AKilledHolderLetsGo) {
  const Folder folder;
  const auto path = folder.path() / "a.lock";
  const pid_t child = ::fork();
  if (child == 0) {
    const CacheLock lock(path, 0);
    for (;;) ::pause();
  }
  while (!std::filesystem::exists(path)) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(CacheLock(path, 0).state(), State::kHeld);
}

TEST(CacheLock, WaitingCanBeCancelled) {
  const Folder folder;
  const CacheLock holder(folder.path() / "a.lock", 0);
  const Progress stop([](std::string_view, size_t, size_t) { return false; });
  EXPECT_THROW(CacheLock(folder.path() / "a.lock", 60, stop), Error);
}

TEST(CacheLock, AFolderThatIsNoneIsNotAvailable) {
  const CacheLock lock("/dev/null/a.lock", 0);
  EXPECT_EQ(lock.state(), State::kUnavailable);
  EXPECT_NE(lock.reason(), "");
}

}  // namespace
}  // namespace ingot::service
