// The GPU of tests that need one.
#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "device/device.h"

namespace ingot {

// The first GPU; null where there is none, with the reason that its test skips with.
inline std::unique_ptr<device::Device> open_gpu(std::string& reason) {
  try {
    return device::open_device("cuda");
  } catch (const Error& error) {
    if (error.code() != Code::kDevice) throw;
    reason = error.what();
    return nullptr;
  }
}

}  // namespace ingot
