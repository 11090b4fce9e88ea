#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/gemm/finish.h"
#include "ops/binary.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::gemm {
namespace avx512bf16 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/pointwise/functions-inl.h"

inline void put_pair(Brain* p, F x, F y) {
  _mm512_storeu_si512(p, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(y, x)));
}

#include "kernels/gemm/finish-inl.h"
}  // namespace
}  // namespace avx512bf16

FinishFn avx512bf16_finisher(const Unary* activation) noexcept { return avx512bf16::finisher(activation); }

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
