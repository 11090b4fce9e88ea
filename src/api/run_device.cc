// Values in memory of a device.
#include <cstring>

#include "api/handles.h"
#include "device/memory.h"

using ingot::Code;
using ingot::Shape;
using ingot::Tensor;
using ingot::api::guard;
using ingot::api::require;
using ingot::device::Memory;

namespace {

struct CheckedType {
  ingot::DType dtype;
  Shape shape;
  std::string device;
};

CheckedType checked(const ingot_tensor_type* type, const char* device) {
  require(type != nullptr, "type");
  require(device != nullptr, "device");
  if (type->dtype == INGOT_STRING) ingot::fail(Code::kInvalidArgument, "strings do not lie in memory of a device");
  return {ingot::api::checked_dtype(type->dtype), ingot::api::checked_shape(type->shape, type->rank),
          ingot::device::memory_name(device)};
}

}  // namespace

extern "C" {

ingot_error* ingot_value_borrow_device(const ingot_tensor_type* type, const char* device, uint64_t address, void* owner,
                                       void (*release)(void*), ingot_value** value) {
  return guard([&] {
    require(value != nullptr, "value");
    CheckedType given = checked(type, device);
    require(address != 0 || ingot::element_count(given.shape) == 0, "address");
    std::shared_ptr<const void> keeper;
    if (release != nullptr) keeper = {owner, release};
    *value = new ingot_value{
        Tensor(given.dtype, std::move(given.shape), reinterpret_cast<const void*>(address), std::move(keeper)),
        given.device};
  });
}

ingot_error* ingot_value_allocate_device(const ingot_tensor_type* type, const char* device, ingot_value** value) {
  return guard([&] {
    require(value != nullptr, "value");
    const CheckedType given = checked(type, device);
    *value = new ingot_value{Memory::of(given.device)->allocate(given.dtype, given.shape), given.device};
  });
}

ingot_error* ingot_value_write(ingot_value* to, const ingot_value* from) {
  return guard([&] {
    require(to != nullptr && from != nullptr, "value");
    const Tensor& source = from->value.tensor();
    Tensor& target = to->value.mutable_tensor();
    if (source.type_text() != target.type_text() || source.dtype() == ingot::DType::kString) {
      ingot::fail(Code::kInvalidArgument, "{} cannot be written from {}", target.type_text(), source.type_text());
    }
    if (!to->device.empty() && to->device == from->device) return Memory::of(to->device)->copy(target, source);
    const Tensor host = from->device.empty() ? source : Memory::of(from->device)->copy_out(source);
    if (!to->device.empty()) return Memory::of(to->device)->copy_in(target, host);
    if (host.byte_size() > 0) std::memmove(target.mutable_raw(), host.raw(), static_cast<size_t>(host.byte_size()));
  });
}

ingot_error* ingot_value_to_host(const ingot_value* value, ingot_value** host) {
  return guard([&] {
    require(value != nullptr && host != nullptr, "value");
    *host = value->device.empty() ? new ingot_value(*value)
                                  : new ingot_value{Memory::of(value->device)->copy_out(value->value.tensor())};
  });
}

const char* ingot_value_device(const ingot_value* value) {
  return value == nullptr || value->device.empty() ? "cpu" : value->device.c_str();
}

ingot_error* ingot_device_synchronize(const char* device) {
  return guard([&] {
    require(device != nullptr, "device");
    if (ingot::device::memory_name(device) != "cpu") Memory::of(device)->synchronize();
  });
}

}  // extern "C"
