#include "runtime/task_trace.h"

#include <algorithm>
#include <chrono>

namespace ingot::runtime {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

TaskTrace::TaskTrace(const kernels::Parallel& pool, int64_t run_start_ns, std::vector<TaskTiming>& timings)
    : pool_(pool),
      traced_{pool.threads, this,
              [](void* self, int64_t count, ThreadPool::Task task, void* argument) {
                static_cast<TaskTrace*>(self)->run(count, task, argument);
              }},
      run_start_ns_(run_start_ns),
      timings_(timings),
      threads_{std::this_thread::get_id()} {
  timings_.clear();
}

void TaskTrace::run(int64_t count, ThreadPool::Task task, void* argument) {
  struct Region {
    TaskTrace& trace;
    ThreadPool::Task task;
    void* argument;
  } region{*this, task, argument};
  region_begin_ = timings_.size();
  const auto timed = [](void* given, int64_t index) {
    auto& [trace, inner, inner_argument] = *static_cast<Region*>(given);
    const int64_t start = now_ns();
    inner(inner_argument, index);
    trace.record(start, now_ns());
  };
  pool_.run_on_pool(pool_.pool, count, timed, &region);
}

void TaskTrace::record(int64_t start_ns, int64_t end_ns) {
  const std::lock_guard lock(mutex_);
  const int thread = index_of(std::this_thread::get_id());
  for (size_t i = region_begin_; i < timings_.size(); ++i) {
    if (timings_[i].thread != thread) continue;
    timings_[i].duration_ns = end_ns - run_start_ns_ - timings_[i].start_ns;  // a thread's tasks follow each other
    return;
  }
  timings_.push_back({step_, thread, start_ns - run_start_ns_, end_ns - start_ns});
}

int TaskTrace::index_of(std::thread::id thread) {
  const auto found = std::find(threads_.begin(), threads_.end(), thread);
  if (found != threads_.end()) return static_cast<int>(found - threads_.begin());
  threads_.push_back(thread);
  return static_cast<int>(threads_.size() - 1);
}

}  // namespace ingot::runtime
