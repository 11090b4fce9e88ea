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

  // Where the constant will lie, which copy_all() fills when it is new. `key` tells apart layouts of one constant:
  // `lay_out` makes one, with as many elements; null: as it is. Both are kept until then. Throws kOutOfMemory.
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
  };
  void copy_group(std::span<New> group, const kernels::Parallel& parallel);
  void copy(const Tensor& tensor, const New& to, const kernels::Parallel& parallel);

  device::Device& device_;
  DType storage_;
  std::map<Key, device::Buffer> buffers_;
  std::vector<New> new_;
  int64_t bytes_ = 0;
};

}  // namespace ingot::runtime
