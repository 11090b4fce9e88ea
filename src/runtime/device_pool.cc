#include "runtime/device_pool.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace ingot::runtime {

DevicePool::DevicePool(const plan::Plan& plan, const std::vector<std::string>& names, const kernels::Target& host,
                       bool allow_device_code)
    : names_(names), runs_(names.size(), 0), failed_(names.size(), false), working_(names.size()) {
  for (const std::string& name : names) {
    devices_.push_back(std::make_unique<DeviceExecutor>(plan, name, host, allow_device_code));
    free_.push_back(free_.size());
  }
}

// The device that has been free the longest, in the order of asking: a thread that runs again at once would else take
// the device before those that wait have woken.
size_t DevicePool::take(const std::optional<Error>& last_error, const int* cancelled) {
  constexpr std::chrono::milliseconds kLook{10};  // nobody tells when a caller's flag is set
  std::unique_lock lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  waiting_.push_back(ticket);
  const auto served = [&] { return waiting_.front() == ticket && (!free_.empty() || working_ == 0); };
  while (!served() && !is_set(cancelled)) {
    if (cancelled == nullptr) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, kLook);
    }
  }
  const bool stopped = !served();
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  changed_.notify_all();
  if (stopped) fail(Code::kCancelled, "the run was stopped by the caller while it waited for a device");
  if (free_.empty()) {
    if (last_error) throw Error(*last_error);
    fail(Code::kDevice, "all {} devices of the session have failed", devices_.size());
  }
  const size_t device = free_.front();
  free_.erase(free_.begin());
  return device;
}

void DevicePool::give_back(size_t device, bool finished) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(device);
    runs_[device] += finished ? 1 : 0;
  }
  changed_.notify_all();
}

void DevicePool::drop(size_t device) {
  {
    const std::lock_guard lock(mutex_);
    failed_[device] = true;
    --working_;
  }
  changed_.notify_all();
}

DeviceExecutor& DevicePool::working() {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(failed_.begin(), failed_.end(), false);
  return *devices_[found == failed_.end() ? 0 : static_cast<size_t>(found - failed_.begin())];
}

void DevicePool::run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
                     const kernels::Parallel& parallel) {
  const auto stays = [](uint8_t flag) { return flag != 0; };
  const bool several = devices_.size() > 1;
  const bool on_device = control.stream ||
                         std::any_of(control.device_inputs.begin(), control.device_inputs.end(), stays) ||
                         std::any_of(control.device_outputs.begin(), control.device_outputs.end(), stays);
  if (several && on_device) {
    fail(Code::kUnsupported, "a session on several devices takes and gives values on the host, without a stream");
  }
  for (std::optional<Error> error;;) {
    const size_t device = take(error, control.cancelled);
    try {
      devices_[device]->run(inputs, outputs, control, parallel);
      return give_back(device, true);
    } catch (const Error& failure) {
      if (failure.code() != Code::kDevice || !several) {
        give_back(device, false);
        throw;
      }
      error = failure;
    } catch (...) {
      give_back(device, false);
      throw;
    }
    drop(device);
    log(LogLevel::kWarning, "{} gets no more runs: {}", names_[device], error->message());
  }
}

std::vector<size_t> DevicePool::runs() const {
  const std::lock_guard lock(mutex_);
  return runs_;
}

}  // namespace ingot::runtime
