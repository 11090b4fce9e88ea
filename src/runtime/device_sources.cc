#include "runtime/device_sources.h"

#include "runtime/device_binding.h"
#include "runtime/operation_table.h"

namespace ingot::runtime {

std::vector<std::string> device_sources(const plan::Plan& plan, std::span<const Shape> input_shapes) {
  const std::shared_ptr device = device::open_null_device("unfused");
  const DType storage = device_storage(plan.info);
  DeviceConstants constants(device, storage);
  Preparation spent;
  return device_sources({plan.program, plan.constants, *device, storage, spent, {}}, constants, input_shapes);
}

}  // namespace ingot::runtime
