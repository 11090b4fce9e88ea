// Progress and cancellation, passed down through every long operation.
#pragma once
#include <functional>
#include <string_view>

#include "base/error.h"

namespace ingot {

// `done` of `total` units of `stage` (total 0: unknown). Returning false asks the operation to stop: it then
// throws Error(kCancelled). Called on the thread that runs the operation.
using ProgressCallback = std::function<bool(std::string_view stage, size_t done, size_t total)>;

class Progress {
 public:
  Progress() = default;
  explicit Progress(ProgressCallback callback) : callback_(std::move(callback)) {}
  void report(std::string_view stage, size_t done, size_t total) const {
    if (callback_ && !callback_(stage, done, total)) fail(Code::kCancelled, "stopped by the caller in stage {}", stage);
  }

 private:
  ProgressCallback callback_;
};

}  // namespace ingot
