#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace ingot {

// True when there is an answer, held or unavailable.
bool FileLock::try_once() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    struct stat status {};
    if (::fstat(fd_, &status) == 0 && status.st_nlink > 0) {
      state_ = State::kHeld;
      return true;
    }
    ::close(fd_);  // its last holder removed it between our open and our lock: there may be a new file
    fd_ = -1;
    return false;
  }
  const int error = errno;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (error == EWOULDBLOCK || error == EINTR) return false;
  state_ = State::kUnavailable;
  reason_ = fmt::format("cannot lock {}: {}", path_.string(), std::strerror(error));
  return true;
}

FileLock::FileLock(std::filesystem::path path, double seconds, const Progress& progress) : path_(std::move(path)) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (;;) {
    if (try_once()) return;
    const double waited = std::chrono::duration<double>(Clock::now() - begin).count();
    if (waited >= seconds) return;
    progress.report("waiting for another process", static_cast<size_t>(waited), static_cast<size_t>(seconds));
    std::this_thread::sleep_for(std::chrono::milliseconds(waited < 1 ? 5 : 50));
  }
}

FileLock::~FileLock() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());  // while still held: who opened it sees that it is gone and takes a new one
  ::close(fd_);
}

}  // namespace ingot
