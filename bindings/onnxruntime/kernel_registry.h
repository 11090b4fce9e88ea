// Kernels that a provider gives ONNX Runtime for nodes that are part of no plan.
#pragma once

#include <memory>

#include "status.h"

namespace ingot_ort {

// One operator of the ONNX domain, of versions `first` to `last`, with any element types. Its first input and output
// lie in the provider's memory unless they are `on_host`.
struct KernelRow {
  const char* op;
  int first, last;
  OrtStatus* (*make)(void*, const OrtKernelInfo*, OrtKernelImpl**);
  bool input_on_host = false, output_on_host = false;
};

struct RegistryRelease {
  void operator()(OrtKernelRegistry* registry) const { ort::ReleaseKernelRegistry(registry); }
};
using KernelRegistry = std::unique_ptr<OrtKernelRegistry, RegistryRelease>;

// Throws Failure.
KernelRegistry make_registry(const KernelRow* rows, size_t count);

}  // namespace ingot_ort
