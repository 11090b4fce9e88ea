// Tasks of a pool that may throw.
#pragma once
#include <cstdint>
#include <exception>
#include <vector>

namespace ingot {

// Calls run(count, task), as ThreadPool::run, with tasks that call body(i); when all are done, the exception of the
// least i that threw goes on.
template <class Run, class Body> void run_failing(int64_t count, const Run& run, const Body& body) {
  std::vector<std::exception_ptr> failures(static_cast<size_t>(count));
  auto task = [&](int64_t i) {
    try {
      body(static_cast<size_t>(i));
    } catch (...) {
      failures[static_cast<size_t>(i)] = std::current_exception();
    }
  };
  run(count, task);
  for (const std::exception_ptr& failure : failures) {
    if (failure != nullptr) std::rethrow_exception(failure);
  }
}

}  // namespace ingot
