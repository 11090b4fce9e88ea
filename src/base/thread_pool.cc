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

constexpr int kPatientSpins = 2000;  // pauses, some tens of microseconds
constexpr int kSpinsBetweenYields = 100;
constexpr int kPatientJoin = 10000;

void pause() { __builtin_ia32_pause(); }

void futex_wait(std::atomic<uint32_t>& word, uint32_t expected) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void futex_wake_all(std::atomic<uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

// A CPU that the system does not give is no error: the thread then goes where it may.
void stay_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof(set), &set);
}

}  // namespace

// A region is known by one number: how many came before, and how many slices it has.
struct ThreadPool::State {
  struct alignas(64) Slice {
    std::atomic<uint64_t> taken{0};  // the last region in which somebody took it
  };
  static constexpr int kSliceBits = 16;

  int threads;
  int spins;
  bool crowded = false;  // more threads than cores: who spins keeps others from working
  std::mutex caller;     // one region at a time
  Task task = nullptr;
  void* argument = nullptr;
  int64_t count = 0;
  alignas(64) std::atomic<uint64_t> region{0};
  alignas(64) std::atomic<uint32_t> alarm{0};  // counts wake-ups
  std::atomic<uint32_t> sleepers{0};
  alignas(64) std::atomic<int> pending{0};
  std::atomic<bool> stop{false};
  std::vector<Slice> slices;
  std::vector<std::thread> workers;

  static int slice_count(uint64_t now) { return static_cast<int>(now & ((1u << kSliceBits) - 1)); }

  // Whoever comes first takes a slice: its own thread, or the caller when that thread does not get a core.
  bool take(int slice, uint64_t now) {
    std::atomic<uint64_t>& taken = slices[static_cast<size_t>(slice)].taken;
    uint64_t last = taken.load(std::memory_order_relaxed);
    return last < now && taken.compare_exchange_strong(last, now, std::memory_order_acq_rel);
  }

  void run_slice(int slice, int slice_count) const {
    const int64_t first = count * slice / slice_count, last = count * (slice + 1) / slice_count;
    for (int64_t i = first; i < last; ++i) task(argument, i);
  }

  uint64_t await_region(uint64_t seen) {
    uint64_t now = region.load(std::memory_order_acquire);
    for (int spin = 0; now == seen && spin < spins; ++spin) {
      if (spin < kPatientSpins || spin % kSpinsBetweenYields != 0) {
        pause();
      } else {
        ::sched_yield();  // returns at once unless somebody else wants this core
      }
      now = region.load(std::memory_order_acquire);
    }
    while (now == seen) {
      const uint32_t ticket = alarm.load();
      sleepers.fetch_add(1);
      if (region.load() == seen) futex_wait(alarm, ticket);
      sleepers.fetch_sub(1);
      now = region.load(std::memory_order_acquire);
    }
    return now;
  }

  void work(int worker) {
    uint64_t seen = 0;
    while (true) {
      seen = await_region(seen);
      if (stop.load(std::memory_order_relaxed)) return;
      if (worker >= slice_count(seen) || !take(worker, seen)) continue;
      run_slice(worker, slice_count(seen));
      pending.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  uint64_t publish(int slice_count) {
    const uint64_t next =
        ((region.load(std::memory_order_relaxed) >> kSliceBits) + 1) << kSliceBits | static_cast<uint64_t>(slice_count);
    region.store(next);
    if (sleepers.load() != 0) {
      alarm.fetch_add(1);
      futex_wake_all(alarm);
    }
    return next;
  }

  void await_slices() {
    const int patience = crowded ? 0 : kPatientJoin;
    for (int spin = 0; pending.load(std::memory_order_acquire) != 0; ++spin) {
      if (spin < patience) {
        pause();
      } else {
        ::sched_yield();  // the workers may need this very core
      }
    }
  }

  void join() {
    stop = true;
    publish(0);
    for (auto& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(int threads, int spins, const std::vector<int>& cpus) : state_(std::make_unique<State>()) {
  const int cores = cpu_features().cores;
  state_->threads = std::clamp(threads > 0 ? threads : cores, 1, (1 << State::kSliceBits) - 1);
  state_->crowded = state_->threads > cores;
  state_->spins = state_->crowded ? 0 : spins;
  state_->slices = std::vector<State::Slice>(static_cast<size_t>(state_->threads));
  try {
    for (int worker = 1; worker < state_->threads; ++worker) {
      const int cpu = static_cast<size_t>(worker) < cpus.size() ? cpus[static_cast<size_t>(worker)] : -1;
      state_->workers.emplace_back([state = state_.get(), worker, cpu] {
        if (cpu >= 0) stay_on(cpu);
        state->work(worker);
      });
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
  const int slices = static_cast<int>(std::min<int64_t>(count, state.threads));
  state.task = task;
  state.argument = argument;
  state.count = count;
  state.pending.store(slices - 1, std::memory_order_relaxed);
  const uint64_t now = state.publish(slices);
  state.run_slice(0, slices);
  for (int slice = slices - 1; slice > 0; --slice) {
    if (!state.take(slice, now)) continue;
    state.run_slice(slice, slices);
    state.pending.fetch_sub(1, std::memory_order_relaxed);
  }
  state.await_slices();
}

}  // namespace ingot
