// Our declarations against the toolkit's header, where there is one.
#include "cuda/driver.h"

#include <gtest/gtest.h>

#if __has_include(<cuda.h>)
#include <cuda.h>
#endif

namespace ingot::cuda {
namespace {

TEST(Driver, SaysWhereItIsOrWhyItIsMissing) { EXPECT_FALSE(driver().library.detail().empty()); }

#ifdef CUDA_VERSION
static_assert(kOutOfMemoryResult == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(kAttributeProcessors == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(kAttributeL2Bytes == CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
static_assert(kAttributeMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(kAttributeMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(kStreamNonBlocking == CU_STREAM_NON_BLOCKING);
static_assert(kEventDisableTiming == CU_EVENT_DISABLE_TIMING);
static_assert(kCaptureThreadLocal == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
static_assert(sizeof(DevicePtr) == sizeof(CUdeviceptr));
#endif

}  // namespace
}  // namespace ingot::cuda
