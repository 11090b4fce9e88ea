// The steps of plans as events in ONNX Runtime's own profile (from its API 25 on).
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "ort_api.h"

namespace ingot_ort {

struct Profiler;

// Where the fused nodes of one provider leave the times of their steps, for every profile that is open. Thread-safe.
class Recorder {
 public:
  using Clock = std::chrono::steady_clock;
  bool on() const { return open_.load(std::memory_order_relaxed) > 0; }
  // `profile_json`: what ingot_session_profile_json gives for a run on this thread that started at `begin`.
  void record(const char* profile_json, Clock::time_point begin);

  void open(Profiler* profiler);
  void close(Profiler* profiler);

 private:
  std::atomic<int> open_{0};
  std::mutex mutex_;
  std::vector<Profiler*> profilers_;
};

// One profile of ONNX Runtime's; released by it.
OrtEpProfilerImpl* make_profiler(std::shared_ptr<Recorder> recorder);

}  // namespace ingot_ort
