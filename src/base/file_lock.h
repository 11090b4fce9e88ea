// A lock on what one path stands for (an entry of the plan cache, a database), between processes and between threads.
#pragma once
#include <filesystem>

#include "base/progress.h"

namespace ingot {

// flock on a file that exists only while somebody holds or awaits it (after a kill: until the next holder). The kernel
// lets go when the process ends, however it ends.
class FileLock {
 public:
  enum class State {
    kHeld,
    kTimedOut,     // another process kept it for longer than asked
    kUnavailable,  // the folder cannot be written, or its file system has no locks; `reason` says
  };
  // Waits up to `seconds`, reporting the stage "waiting for another process"; throws kCancelled when told to stop.
  FileLock(std::filesystem::path path, double seconds, const Progress& progress = {});
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  State state() const { return state_; }
  const std::string& reason() const { return reason_; }

 private:
  bool try_once();
  std::filesystem::path path_;
  int fd_ = -1;
  State state_ = State::kTimedOut;
  std::string reason_;
};

}  // namespace ingot
