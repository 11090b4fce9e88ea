#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/folder_testing.h"

namespace ingot {
namespace {

using State = FileLock::State;

TEST(FileLock, OneHolderAtATimeAndNoFileIsLeft) {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.lock";
  {
    const FileLock first(path, 0);
    EXPECT_EQ(first.state(), State::kHeld);
    EXPECT_EQ(FileLock(path, 0.02).state(), State::kTimedOut);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(FileLock(path, 0).state(), State::kHeld);
}

TEST(FileLock, ItsFileIsTheUsersAlone) {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.lock";
  const mode_t before = ::umask(0);
  const FileLock lock(path, 0);
  ::umask(before);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
}

TEST(FileLock, NeverTwoHoldersUnderContention) {
  const TemporaryFolder folder;
  std::atomic<int> inside{0}, worst{0}, entered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 30; ++round) {
        const FileLock lock(folder.path / "a.lock", 30);
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

TEST(FileLock, AKilledHolderLetsGo) {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.lock";
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(path, 0);
    for (;;) ::pause();
  }
  while (!std::filesystem::exists(path)) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(FileLock(path, 0).state(), State::kHeld);
}

TEST(FileLock, WaitingCanBeCancelled) {
  const TemporaryFolder folder;
  const FileLock holder(folder.path / "a.lock", 0);
  const Progress stop([](std::string_view, size_t, size_t) { return false; });
  EXPECT_THROW(FileLock(folder.path / "a.lock", 60, stop), Error);
}

TEST(FileLock, AFolderThatIsNoneIsNotAvailable) {
  const FileLock lock("/dev/null/a.lock", 0);
  EXPECT_EQ(lock.state(), State::kUnavailable);
  EXPECT_NE(lock.reason(), "");
}

}  // namespace
}  // namespace ingot
