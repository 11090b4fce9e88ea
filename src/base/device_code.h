// Compiled kernels of an accelerator, as plans carry them from a build to the devices.
#pragma once
#include "base/hash.h"

namespace ingot {

// Of one source for one compute capability (9, 0: sm_90). Views: whoever hands it on keeps the bytes.
struct DeviceCode {
  Hash128 source;  // of its text and all else it was compiled from, but for the capability
  int32_t major = 0, minor = 0;
  Bytes machine_code;  // a cubin: for this capability alone
  Bytes intermediate;  // PTX: what a driver compiles for this capability and later ones
};

}  // namespace ingot
