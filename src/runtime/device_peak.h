// What an accelerator reaches at best, measured as the CPU's is: the roof that its steps are held against.
#pragma once
#include "device/device.h"
#include "kernels/machine_peak.h"

namespace ingot::runtime {

// The best of the library's square products of `type`, f32 as TF32 if so, (both of MachinePeak's rates; 0 without a
// library) and of copies within the second-level cache and within memory, by the device's clock. Takes under a second
// and a GB of the device's memory; throws kOutOfMemory where there is less.
kernels::MachinePeak measure_peak(device::Device& device, DType type, bool tf32);

}  // namespace ingot::runtime
