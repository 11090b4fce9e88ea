// A plan's constants in device memory.
#pragma once
#include <functional>
#include <map>

#include "device/device.h"
#include "kernels/kernel.h"
#include "tensor/tensor.h"

namespace ingot::runtime {

// Shared by all bindings of a session; f32 lies there as `storage`.
class DeviceConstants {
 public:
  DeviceConstants(device::Device& device, DType storage) : device_(device), storage_(storage) {}

  // How much of the device's memory a constant takes.
  int64_t room_for(const Tensor& tensor) const;
  // One allocation of so many bytes, which the constants that are new from here on share; large ones cost a driver more
  // time than copying a constant does. Throws kOutOfMemory.
  void reserve(int64_t bytes);
  // Whether the constant has an address in this layout.
  bool has(int32_t constant, const std::string& key) const { return addresses_.contains({constant, key}); }
  // Where the constant will lie, which copy_all() fills when it is new. `key` tells apart layouts of one constant:
  // `lay_out` makes one, with as many elements; null: as it is. Both are kept until then. constant -1: a table, whose
  // memory is its own. Throws kOutOfMemory.
  device::Address address(int32_t constant, const std::string& key, const Tensor& tensor,
                          std::function<Tensor(const Tensor&)> lay_out);
  // Lays out, converts and copies all new ones, on all threads, and returns when they are there.
  void copy_all(const kernels::Parallel& parallel);
  // Of those that were not copied, nothing is there.
  void forget_new();
  int64_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<int32_t, std::string>;
  struct New {
    Key key;
    Tensor tensor;
    std::function<Tensor(const Tensor&)> lay_out;
    device::Address address;
    int64_t bytes;
    size_t block;
  };
  struct Block {
    device::Buffer memory;
    int64_t used = 0;
  };
  size_t block_for(int32_t constant, int64_t room);
  void copy_group(std::span<New> group, const kernels::Parallel& parallel);
  void copy_run(std::span<const New> run, std::span<const Tensor> tensors, const kernels::Parallel& parallel);
  void write(std::byte* to, const Tensor& tensor, int64_t begin, int64_t bytes) const;

  device::Device& device_;
  DType storage_;
  std::vector<Block> blocks_;
  size_t open_ = 0;  // the block that was reserved last
  std::map<Key, device::Address> addresses_;
  std::vector<New> new_;
  int64_t bytes_ = 0;
};

}  // namespace ingot::runtime
