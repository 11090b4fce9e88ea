// One plan on one or several devices behind one queue: each run takes a device that is free.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/device_executor.h"

namespace ingot::runtime {

class DevicePool {
 public:
  // `plan` outlives the pool. Opens every one of `names`, each with a stream of its own; where a name is there twice,
  // both share the weights. Throws as open_device.
  DevicePool(const plan::Plan& plan, const std::vector<std::string>& names, const kernels::Target& host,
             bool allow_device_code);

  // As DeviceExecutor::run; as many runs at a time as there are devices, others wait their turn, or until they are
  // cancelled (kCancelled). With several devices a run that one fails with kDevice is run on another, and the failed
  // one gets no more of them; values must lie on the host and `stream` be absent: kUnsupported.
  void run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
           const kernels::Parallel& parallel);
  // The first that has not failed; the very first when all have.
  DeviceExecutor& working();
  size_t size() const { return devices_.size(); }
  // Runs that each device finished.
  std::vector<size_t> runs() const;

 private:
  size_t take(const std::optional<Error>& last_error, const int* cancelled);
  void give_back(size_t device, bool finished);
  void drop(size_t device);

  const std::vector<std::string> names_;
  std::vector<std::unique_ptr<DeviceExecutor>> devices_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<size_t> free_, runs_;
  std::deque<uint64_t> waiting_;  // tickets, in the order of asking
  uint64_t next_ticket_ = 0;
  std::vector<bool> failed_;
  size_t working_ = 0;  // devices that have not failed
};

}  // namespace ingot::runtime
