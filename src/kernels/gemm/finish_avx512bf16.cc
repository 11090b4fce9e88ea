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
#include "kernels/pointwise/functions-inl.h"

// As vec_storage.h names them, by the instruction that rounds.
struct Brain {
  uint16_t bits;
};
inline __m256i rounded(F x) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)); }
inline void put(Brain* p, F x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), rounded(x)); }
inline void put_pair(Brain* p, F x, F y) {
  _mm512_storeu_si512(p, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(y, x)));
}
inline void put_part(Brain* p, F x, int64_t n) { _mm256_mask_storeu_epi16(p, first_lanes(n), rounded(x)); }

#include "kernels/gemm/finish-inl.h"
}  // namespace
}  // namespace avx512bf16

FinishFn avx512bf16_finisher(const Unary* activation) noexcept { return avx512bf16::finisher(activation); }

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
