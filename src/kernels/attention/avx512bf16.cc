// AVX-512's functions with rounding to bf16 in one instruction.
#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <type_traits>

#include "kernels/attention/attention.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::avx512bf16 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/isa/vec_weight.h"

inline void put_weight(uint16_t* to, F x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}
#include "kernels/attention/scores-inl.h"
}  // namespace

attention::Functions attention_functions() {
  return {add_exponentials, add_narrow_exponentials, divide_by_sum, divide_narrow};
}

}  // namespace ingot::kernels::avx512bf16
#include "kernels/isa/avx512_end.h"
