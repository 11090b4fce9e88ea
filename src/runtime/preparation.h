// What getting ready to run on an accelerator costs.
#pragma once
#include <chrono>
#include <cstdint>

namespace ingot::runtime {

// What a session spent so far on getting ready to run; opening the device and its libraries are in device::Effort.
struct Preparation {
  double choices_ms = 0;     // of operations among what libraries offer
  double modules_ms = 0;     // compiling kernels or finding them compiled, and loading them
  double weights_ms = 0;     // laying constants out and copying them
  int64_t weight_bytes = 0;  // as they lie in device memory
  double capture_ms = 0;
  double bind_ms = 0;  // all of the above and the rest: shapes, sources of kernels, memory
};

// Adds the milliseconds that `work` takes to `sum`.
template <class Work> auto timed(double& sum, const Work& work) {
  struct Timer {
    double& sum;
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
    ~Timer() { sum += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(); }
  } timer{sum};
  return work();
}

}  // namespace ingot::runtime
