// A plan's constants in device memory.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "device/device.h"
#include "kernels/kernel.h"
#include "plan/plan.h"

namespace ingot::runtime {

// What lies on the device, of all sessions that share it. Whoever holds the mutex may change it.
struct PlacedConstants {
  using Key = std::pair<int32_t, std::string>;
  struct Block {
    std::shared_ptr<device::Device> device;  // that the memory is of; outlives the session that opened it
    device::Buffer memory;
    int64_t used = 0;
  };
  std::mutex mutex;
  std::vector<Block> blocks;
  size_t open = 0;  // the block that was reserved last
  std::map<Key, device::Address> addresses;
  std::atomic<int64_t> bytes = 0;
};

// Those of `plan` on the device of this name, f32 as `storage`: the same ones as long as a session of the same plan
// (the same object, or read from equal bytes) has them. They go with the last. Threads: any number at once.
std::shared_ptr<PlacedConstants> placed_constants(const plan::Plan& plan, const std::string& device, DType storage);

// Shared by all bindings of a session, which uses them while it holds lock(); f32 lies there as `storage`.
class DeviceConstants {
 public:
  // By default none but this session's.
  DeviceConstants(std::shared_ptr<device::Device> device, DType storage,
                  std::shared_ptr<PlacedConstants> placed = std::make_shared<PlacedConstants>())
      : device_(std::move(device)), storage_(storage), placed_(std::move(placed)) {}

  std::unique_lock<std::mutex> lock() { return std::unique_lock(placed_->mutex); }
  // How much of the device's memory a constant takes.
  int64_t room_for(const Tensor& tensor) const;
  // One allocation of so many bytes, which the constants that are new from here on share; large ones cost a driver more
  // time than copying a constant does. Throws kOutOfMemory.
  void reserve(int64_t bytes);
  // Whether the constant has an address in this layout.
  bool has(int32_t constant, const std::string& key) const { return placed_->addresses.contains({constant, key}); }
  // Where the constant will lie, which copy_all() fills when it is new. `key` tells apart layouts of one constant:
  // `lay_out` makes one, with as many elements; null: as it is. Both are kept until then. constant -1: a table, whose
  // memory is its own. Throws kOutOfMemory.
  device::Address address(int32_t constant, const std::string& key, const Tensor& tensor,
                          std::function<Tensor(const Tensor&)> lay_out);
  // Lays out, converts and copies all new ones, on all threads, and returns when they are there.
  void copy_all(const kernels::Parallel& parallel);
  // Of those that were not copied, nothing is there.
  void forget_new();
  // Without lock(): of all that have been copied, and the sessions that share them.
  int64_t bytes() const { return placed_->bytes; }
  int64_t sharers() const { return placed_.use_count(); }

 private:
  using Key = PlacedConstants::Key;
  struct New {
    Key key;
    Tensor tensor;
    std::function<Tensor(const Tensor&)> lay_out;
    device::Address address;
    int64_t bytes;
    size_t block;
  };
  size_t block_for(int32_t constant, int64_t room);
  void copy_group(std::span<New> group, const kernels::Parallel& parallel);
  void copy_run(std::span<const New> run, std::span<const Tensor> tensors, const kernels::Parallel& parallel);
  void write(std::byte* to, const Tensor& tensor, int64_t begin, int64_t bytes) const;

  std::shared_ptr<device::Device> device_;
  DType storage_;
  std::shared_ptr<PlacedConstants> placed_;
  std::vector<New> new_;
};

}  // namespace ingot::runtime
