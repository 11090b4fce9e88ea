// What was chosen before, made again: many at once.
#pragma once
#include <mutex>
#include <span>

#include "cuda/choice.h"

namespace ingot::cuda {

inline constexpr const char* kNoChoice = "none";  // remembered where a library has nothing

// Device memory for runs that only try whether an operation runs: they follow each other on one stream, and what one
// reads another may have written. For several threads.
class TrialMemory {
 public:
  explicit TrialMemory(device::Device& device) : device_(device) {}
  device::Address operands(int64_t bytes) { return at_least(bytes, operands_); }
  device::Address workspace(int64_t bytes) { return at_least(bytes, workspaces_); }

 private:
  device::Address at_least(int64_t bytes, std::vector<device::Buffer>& buffers);
  device::Device& device_;
  std::mutex mutex_;
  std::vector<device::Buffer> operands_, workspaces_;  // each larger than those before it, which runs may still use
};

// What `entry` says was chosen, without asking for other candidates where that can be done, and run once. Throws where
// it cannot be made or does not run.
Chosen recalled(const Choice& choice, const tuning::Entry& entry, TrialMemory& memory);
// What the store remembers of each choice, on several threads, each of which calls `on_thread` first; nothing where it
// remembers none or it does not work any more. Throws kOutOfMemory when the device has no room for the operands.
std::vector<std::optional<Chosen>> recall_all(device::Device& device, device::Store& store,
                                              std::span<const Choice> choices, const std::function<void()>& on_thread);

}  // namespace ingot::cuda
