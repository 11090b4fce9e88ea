// What libingot_cuda.so exports.
#include "cuda/compiler.h"
#include "cuda/cuda_device.h"

extern "C" __attribute__((visibility("default"))) const ingot::device::CudaComponent* ingot_cuda_component() {
  static const ingot::device::CudaComponent component{
      INGOT_LIBRARY_VERSION,
      [](int ordinal, const std::shared_ptr<ingot::device::Store>& store) {
        return ingot::cuda::open_cuda_device(ordinal, store).release();
      },
      &ingot::cuda::check_cuda_device, &ingot::cuda::parts, &ingot::cuda::compile_all};
  return &component;
}
