#include "kernels/pointwise/step.h"

namespace ingot::kernels {

const Machine* machine_of(IsaLevel isa) {
  if (isa >= IsaLevel::kAvx512Bf16) return &avx512bf16::kMachine;
  if (isa >= IsaLevel::kAvx512) return &avx512::kMachine;
  return isa >= IsaLevel::kAvx2 ? &avx2::kMachine : nullptr;
}

}  // namespace ingot::kernels
