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
constexpr int kGrace = 20;  // pauses that a worker has to begin: news travels between cores for some 100 ns

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
//
// What costs in a short region is cache lines that travel between cores. So a region is announced on one line, which
// every worker reads, and each slice answers on a line of its own, which its worker writes and the caller reads: a
// counter that all workers decrement would travel to each of them in turn.
struct ThreadPool::State {
  struct alignas(64) Announcement {
    std::atomic<uint64_t> region{0};
    Task task = nullptr;
    void* argument = nullptr;
    int64_t count = 0;
  };
  struct alignas(64) Slice {
    std::atomic<uint64_t> taken{0};  // the last region in which somebody took it
    std::atomic<uint64_t> done{0};   // the last region in which it was done
  };
  static constexpr int kSliceBits = 16;

  int threads;
  int spins;
  bool crowded = false;  // more threads than cores: who spins keeps others from working
  std::atomic<bool> stop{false};
  std::mutex caller;  // one region at a time
  Announcement news;
  alignas(64) std::atomic<uint32_t> alarm{0};  // counts wake-ups
  std::atomic<uint32_t> sleepers{0};
  std::vector<Slice> slices;
  std::vector<std::thread> workers;

  static int slice_count(uint64_t now) { return static_cast<int>(now & ((1u << kSliceBits) - 1)); }

  // Whoever comes first takes a slice: its own thread, or the caller when that thread does not get a core.
  bool take(Slice& slice, uint64_t now) {
    uint64_t last = slice.taken.load(std::memory_order_relaxed);
    return last < now && slice.taken.compare_exchange_strong(last, now, std::memory_order_acq_rel);
  }

  void run_slice(int index, uint64_t now) {
    const int64_t slice_count = State::slice_count(now);
    const int64_t first = news.count * index / slice_count, last = news.count * (index + 1) / slice_count;
    for (int64_t i = first; i < last; ++i) news.task(news.argument, i);
    slices[static_cast<size_t>(index)].done.store(now, std::memory_order_release);
  }

  uint64_t await_region(uint64_t seen) {
    uint64_t now = news.region.load(std::memory_order_acquire);
    for (int spin = 0; now == seen && spin < spins; ++spin) {
      if (spin < kPatientSpins || spin % kSpinsBetweenYields != 0) {
        pause();
      } else {
        ::sched_yield();  // returns at once unless somebody else wants this core
      }
      now = news.region.load(std::memory_order_acquire);
    }
    while (now == seen) {
      const uint32_t ticket = alarm.load();
      sleepers.fetch_add(1);
      if (news.region.load() == seen) futex_wait(alarm, ticket);
      sleepers.fetch_sub(1);
      now = news.region.load(std::memory_order_acquire);
    }
    return now;
  }

  void work(int worker) {
    uint64_t seen = 0;
    while (true) {
      seen = await_region(seen);
      if (stop.load(std::memory_order_relaxed)) return;
      if (worker < slice_count(seen) && take(slices[static_cast<size_t>(worker)], seen)) run_slice(worker, seen);
    }
  }

  uint64_t publish(int slice_count) {
    const uint64_t next = ((news.region.load(std::memory_order_relaxed) >> kSliceBits) + 1) << kSliceBits |
                          static_cast<uint64_t>(slice_count);
    news.region.store(next);
    if (sleepers.load() != 0) {
      alarm.fetch_add(1);
      futex_wake_all(alarm);
    }
    return next;
  }

  void help_late_workers(uint64_t now) {
    int grace = crowded ? 0 : kGrace;
    for (int index = slice_count(now) - 1; index > 0; --index) {
      Slice& slice = slices[static_cast<size_t>(index)];
      for (; grace > 0 && slice.taken.load(std::memory_order_relaxed) != now; --grace) pause();
      if (take(slice, now)) run_slice(index, now);
    }
  }

  void await_slices(uint64_t now) {
    const int patience = crowded ? 0 : kPatientJoin;
    for (int index = slice_count(now) - 1; index > 0; --index) {
      const Slice& slice = slices[static_cast<size_t>(index)];
      for (int spin = 0; slice.done.load(std::memory_order_acquire) != now; ++spin) {
        if (spin < patience) {
          pause();
        } else {
          ::sched_yield();  // the workers may need this very core
        }
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
  state.news.task = task;
  state.news.argument = argument;
  state.news.count = count;
  const uint64_t now = state.publish(static_cast<int>(std::min<int64_t>(count, state.threads)));
  state.run_slice(0, now);
  state.help_late_workers(now);
  state.await_slices(now);
}

}  // namespace ingot
