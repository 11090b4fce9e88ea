#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <type_traits>

#include "kernels/attention/attention.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/isa/vec_weight.h"

inline void put_weight(uint16_t* to, F x) { store_brain(to, x); }
#include "kernels/attention/scores-inl.h"
}  // namespace

attention::Functions attention_functions() {
  return {add_exponentials, add_narrow_exponentials, divide_by_sum, divide_narrow};
}

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
