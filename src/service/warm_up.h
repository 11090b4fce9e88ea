// Work that goes on behind a session which already serves: the build of the plan that is to take over.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "service/options.h"

namespace ingot::service {

// The two builds of a warm-up: the one that serves at once measures nothing; the one behind it measures as was asked,
// quickly when nothing was.
Options options_to_serve_at_once(const Options& asked);
Options options_to_warm_up(const Options& asked);

// One piece of work on a thread of its own. All members may be called from any thread, but for the destructor.
class WarmUp {
 public:
  enum class State { kBuilding, kTaken, kFailed, kStopped, kCached };
  struct Report {
    State state = State::kBuilding;
    std::string reason;             // why it failed or was stopped
    std::string build_json = "{}";  // what the work returned
    double seconds = 0;             // so far, or in all
  };
  // Does its work, reporting progress often, and returns the build's report. Whatever it throws ends in Report.
  using Work = std::function<std::string(const Progress& progress)>;

  WarmUp(std::string name, Work work);
  // Over before it began: the plan was in the cache.
  explicit WarmUp(std::string build_json);
  // Stops the work at its next report of progress, and waits for that.
  ~WarmUp();

  void stop() { stopping_ = true; }
  // After the work, or after `seconds` of waiting (< 0: without end).
  Report wait(double seconds) const;

 private:
  void run(const Work& work);
  const std::string name_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable over_;
  Report report_;  // guarded by the mutex
  std::thread thread_;
};
const char* name_of(WarmUp::State state);

}  // namespace ingot::service
