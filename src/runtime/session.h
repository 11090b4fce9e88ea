// A loaded plan, ready to run: the runtime half's own entry.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/device_pool.h"
#include "runtime/executor.h"
#include "runtime/streams.h"

namespace ingot::runtime {

struct SessionOptions : ThreadOptions {
  int64_t memory_limit = 0;        // bytes of activations admitted for one run; 0: no limit
  bool allow_device_code = false;  // compiled kernels that the plan carries may run
};

struct MemoryReport {
  int64_t arena_bytes = 0, largest_live_set = 0, constant_bytes = 0;
};

// Immutable after loading; run() may be called from many threads at once.
class Session {
 public:
  // Keeps the plan. Throws kForeignPlan when the plan is not for this library or CPU, kDevice when it is for a device
  // that cannot be opened.
  Session(std::shared_ptr<const plan::Plan> plan, const SessionOptions& options = {});

  const plan::Plan& plan() const { return *plan_; }
  // In the plan's order; outputs that hold tensors are bound. Throws kInvalidArgument when the shapes do not fit or
  // exceed the plan's --maxShapes, kOutOfMemory past the memory limit.
  void run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control = {});

  MemoryReport memory(std::span<const Shape> input_shapes);
  // Exactly one of the two is there: plans for the CPU have an executor, others a device executor for each of their
  // devices, of which this is the first that has not failed.
  Executor* executor() { return executor_.get(); }
  DeviceExecutor* device() { return devices_ != nullptr ? &devices_->working() : nullptr; }
  const DevicePool* devices() const { return devices_.get(); }
  // Where operands may lie besides the host: device::memory_name of the plan's device; "cpu": nowhere.
  std::string memory_name() const;
  int threads() const { return streams_.threads(); }  // of one run
  int streams() const { return streams_.count(); }

 private:
  void admit(std::span<const Value> inputs) const;
  std::shared_ptr<const plan::Plan> plan_;
  SessionOptions options_;
  Streams streams_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<DevicePool> devices_;
};

}  // namespace ingot::runtime
