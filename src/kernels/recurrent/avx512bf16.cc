#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/recurrent/recurrent.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::avx512bf16 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"

#include "kernels/recurrent/gates-inl.h"
#include "kernels/recurrent/multiply-inl.h"

inline F add_product(F sum, I a, I b) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

constexpr int kSums = 24;
#include "kernels/recurrent/step-inl.h"
}  // namespace

const recurrent::Functions kRecurrentBf16Functions = functions<Brain>();

}  // namespace ingot::kernels::avx512bf16
#include "kernels/isa/avx512_end.h"
