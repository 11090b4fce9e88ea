#include "device/memory.h"

#include <map>

#include "base/error.h"

namespace ingot::device {
namespace {

void check_sizes(const Tensor& to, const Tensor& from) {
  if (to.byte_size() != from.byte_size()) {
    fail(Code::kInvalidArgument, "{} cannot be filled from {}", to.type_text(), from.type_text());
  }
}

}  // namespace

std::string memory_name(const std::string& device) {
  if (device == "cuda") return "cuda:0";
  return device.rfind("null:", 0) == 0 ? "null" : device;
}

std::shared_ptr<Memory> Memory::of(const std::string& device) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<Memory>> in_use;
  const std::lock_guard lock(mutex);
  std::weak_ptr<Memory>& known = in_use[memory_name(device)];
  if (auto memory = known.lock()) return memory;
  auto memory = std::make_shared<Memory>(memory_name(device));
  known = memory;
  return memory;
}

Memory::Memory(const std::string& name) : name_(name), device_(open_device(name)) {}

Tensor Memory::allocate(DType dtype, const Shape& shape) {
  if (dtype == DType::kString) fail(Code::kUnsupported, "strings do not lie in memory of a device");
  const int64_t bytes = storage_bytes(dtype, element_count(shape));
  const auto allocated = [&] {
    const std::lock_guard lock(mutex_);
    return device_->allocate(bytes);
  };
  auto* address = reinterpret_cast<void*>(allocated());
  std::shared_ptr<const void> owner(address, [self = shared_from_this()](void* each) {
    const std::lock_guard guard(self->mutex_);
    self->device_->release(reinterpret_cast<Address>(each));
  });
  return Tensor(dtype, shape, address, std::move(owner));
}

void Memory::copy_in(const Tensor& to, const Tensor& from) {
  check_sizes(to, from);
  const std::lock_guard lock(mutex_);
  device_->synchronize_all();
  device_->copy_in(address_of(to), from.raw(), from.byte_size());
  device_->synchronize();
}

Tensor Memory::copy_out(const Tensor& from) {
  Tensor to = Tensor::uninitialized(from.dtype(), from.shape());
  const std::lock_guard lock(mutex_);
  device_->synchronize_all();
  device_->copy_out(to.mutable_raw(), address_of(from), from.byte_size());
  return to;
}

void Memory::copy(const Tensor& to, const Tensor& from) {
  check_sizes(to, from);
  const std::lock_guard lock(mutex_);
  device_->synchronize_all();
  device_->copy(address_of(to), address_of(from), from.byte_size());
  device_->synchronize();
}

void Memory::synchronize() {
  const std::lock_guard lock(mutex_);
  device_->synchronize_all();
}

}  // namespace ingot::device
