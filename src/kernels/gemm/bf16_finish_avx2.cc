#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/gemm/bf16_finish.h"
#include "ops/binary.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/pointwise/functions-inl.h"

inline void narrow(uint16_t* p, F x) { store_brain(p, x); }
inline void narrow_part(uint16_t* p, F x, int64_t count) {
  uint16_t lanes[kLanes];
  store_brain(lanes, x);
  __builtin_memcpy(p, lanes, static_cast<size_t>(count) * sizeof(uint16_t));
}

#include "kernels/gemm/bf16_finish-inl.h"
}  // namespace
}  // namespace avx2

Bf16FinishFn avx2_bf16_finisher(const Unary* activation) noexcept { return avx2::finisher(activation); }

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
