#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/recurrent/recurrent.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"

#include "kernels/recurrent/gates-inl.h"
#include "kernels/recurrent/multiply-inl.h"
#include "kernels/recurrent/widen-inl.h"

constexpr int kSums = 24;
#include "kernels/recurrent/step-inl.h"
}  // namespace

const recurrent::Functions kRecurrentFunctions = functions<float>();
const recurrent::Functions kRecurrentBf16Functions = functions<Brain>();

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
