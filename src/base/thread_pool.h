// A small spin-then-futex pool with static partition.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

namespace ingot {

// A pool of `threads` (the caller counts as one). run() calls task(i) for i in [0, count) and returns when all are
// done, in min(count, threads) contiguous slices, so the split depends on `count` and `threads` alone. Slice w is
// worker w's, unless that gets no core before the caller has done its own: then the caller does it. Calls from several
// threads are served one after another. A task must not throw and must not call run().
class ThreadPool {
 public:
  // `spins` pauses before a worker sleeps on a futex; none with more threads than cores. 0 threads means every core
  // this process may use. Worker w stays on CPU cpus[w] where that is given; cpus[0] is the caller's, who is left
  // alone. Throws kOutOfMemory when the system gives no more threads.
  explicit ThreadPool(int threads, int spins = 200000, const std::vector<int>& cpus = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;
  using Task = void (*)(void* argument, int64_t index);
  void run(int64_t count, Task task, void* argument);

  template <class Body> void run(int64_t count, Body&& body) {
    run(
        count, [](void* argument, int64_t index) { (*static_cast<std::remove_reference_t<Body>*>(argument))(index); },
        const_cast<void*>(static_cast<const void*>(std::addressof(body))));
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingot
