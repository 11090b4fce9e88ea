// Device memory outside of sessions: tensors that callers keep there, and what copies them between host and device.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "device/device.h"
#include "tensor/tensor.h"

namespace ingot::device {

// "cuda" is "cuda:0"; "null:lost=1" is "null": names that are equal mean the same memory.
std::string memory_name(const std::string& device);

// Memory of one device. Many threads may use it at once. Copies wait for all work of the device first, whoever enqueued
// it, and are done when they return.
class Memory : public std::enable_shared_from_this<Memory> {
 public:
  // One per device, as long as somebody holds it. Throws as open_device does.
  static std::shared_ptr<Memory> of(const std::string& device);
  explicit Memory(const std::string& name);

  const std::string& name() const { return name_; }
  // A tensor whose raw() is an address of the device, with undefined content. Throws kOutOfMemory; kUnsupported for
  // strings.
  Tensor allocate(DType dtype, const Shape& shape);
  void copy_in(const Tensor& to, const Tensor& from);  // from the host; both of the same size: kInvalidArgument
  Tensor copy_out(const Tensor& from);                 // a new tensor on the host
  void copy(const Tensor& to, const Tensor& from);     // both here and of the same size: kInvalidArgument
  // Waits for all work of the device, whoever enqueued it.
  void synchronize();

 private:
  std::string name_;
  std::mutex mutex_;
  std::unique_ptr<Device> device_;
};

inline Address address_of(const Tensor& on_device) { return reinterpret_cast<Address>(on_device.raw()); }

}  // namespace ingot::device
