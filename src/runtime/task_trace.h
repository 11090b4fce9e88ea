// Which thread worked when: for profiles that show how a step was shared out.
#pragma once
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/kernel.h"

namespace ingot::runtime {

// The work of one thread in one parallel region of a step; `thread` 0 is the one that called run().
struct TaskTiming {
  size_t step = 0;
  int thread = 0;
  int64_t start_ns = 0, duration_ns = 0;  // since the run began
};

int64_t now_ns();

// Stands between the kernels and the pool and writes down what the pool's threads do. Locks after every task: a run
// with it is a little slower. One run at a time.
class TaskTrace {
 public:
  TaskTrace(const kernels::Parallel& pool, int64_t run_start_ns, std::vector<TaskTiming>& timings);
  TaskTrace(const TaskTrace&) = delete;
  TaskTrace& operator=(const TaskTrace&) = delete;

  const kernels::Parallel& parallel() const { return traced_; }
  void begin_step(size_t step) { step_ = step; }

 private:
  void run(int64_t count, ThreadPool::Task task, void* argument);
  void record(int64_t start_ns, int64_t end_ns);
  int index_of(std::thread::id thread);

  const kernels::Parallel& pool_;
  kernels::Parallel traced_;
  int64_t run_start_ns_;
  std::vector<TaskTiming>& timings_;
  std::mutex mutex_;
  std::vector<std::thread::id> threads_;  // by index
  size_t step_ = 0, region_begin_ = 0;    // region_begin_: first timing of the region in progress
};

}  // namespace ingot::runtime
