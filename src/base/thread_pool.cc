#include "base/thread_pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"

namespace ingot {
namespace {

void pause() { __builtin_ia32_pause(); }

void futex_wait(std::atomic<uint32_t>& word, uint32_t expected) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void futex_wake_all(std::atomic<uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace

struct ThreadPool::State {
  int threads;
  int spins;
  std::mutex caller;  // one region at a time
  Task task = nullptr;
  void* argument = nullptr;
  int64_t count = 0;
  alignas(64) std::atomic<uint32_t> generation{0};
  alignas(64) std::atomic<uint32_t> sleepers{0};
  alignas(64) std::atomic<int> pending{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;

  void run_slice(int worker) const {
    const int64_t first = count * worker / threads, last = count * (worker + 1) / threads;
    for (int64_t i = first; i < last; ++i) task(argument, i);
  }

  void work(int worker) {
    uint32_t seen = 0;
    while (true) {
      uint32_t now = generation.load(std::memory_order_acquire);
      for (int spin = 0; now == seen && spin < spins; ++spin) {
        pause();
        now = generation.load(std::memory_order_acquire);
      }
      if (now == seen) {
        sleepers.fetch_add(1);
        futex_wait(generation, seen);
        sleepers.fetch_sub(1);
        continue;
      }
      seen = now;
      if (stop.load(std::memory_order_relaxed)) return;
      run_slice(worker);
      pending.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  void publish() {
    generation.fetch_add(1);
    if (sleepers.load() != 0) futex_wake_all(generation);
  }

  void join() {
    stop = true;
    publish();
    for (auto& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(int threads, int spins) : state_(std::make_unique<State>()) {
  state_->threads = std::max(1, threads > 0 ? threads : cpu_features().cores);
  state_->spins = spins;
  try {
    for (int worker = 1; worker < state_->threads; ++worker) {
      state_->workers.emplace_back([state = state_.get(), worker] { state->work(worker); });
    }
  } catch (const std::system_error& error) {
    state_->join();
    fail(Code::kOutOfMemory, "cannot start thread {} of {}: {}", state_->workers.size() + 2, threads, error.what());
  }
}

ThreadPool::~ThreadPool() { state_->join(); }

int ThreadPool::threads() const { return state_->threads; }

void ThreadPool::run(int64_t count, Task task, void* argument) {
  State& state = *state_;
  if (state.threads == 1 || count <= 1) {
    for (int64_t i = 0; i < count; ++i) task(argument, i);
    return;
  }
  const std::lock_guard lock(state.caller);
  state.task = task;
  state.argument = argument;
  state.count = count;
  state.pending.store(state.threads - 1, std::memory_order_relaxed);
  state.publish();
  state.run_slice(0);
  for (int spin = 0; state.pending.load(std::memory_order_acquire) != 0; ++spin) {
    if (spin < 10000) {
      pause();
    } else {
      ::sched_yield();  // the workers may need this very core
    }
  }
}

}  // namespace ingot
