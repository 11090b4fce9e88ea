#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/gemm/finish.h"
#include "ops/binary.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::gemm {
namespace avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/pointwise/functions-inl.h"

inline void put_pair(Brain* p, F x, F y) {
  put(p, x);
  put(p + kLanes, y);
}
#include "kernels/gemm/finish-inl.h"
}  // namespace
}  // namespace avx512

FinishFn avx512_finisher(const Unary* activation) noexcept { return avx512::finisher(activation); }

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
