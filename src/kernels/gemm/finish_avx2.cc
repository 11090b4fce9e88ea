#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/gemm/finish.h"
#include "ops/binary.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/pointwise/functions-inl.h"

inline void put_pair(Brain* p, F x, F y) {
  put(p, x);
  put(p + kLanes, y);
}
#include "kernels/gemm/finish-inl.h"
}  // namespace
}  // namespace avx2

FinishFn avx2_finisher(const Unary* activation) noexcept { return avx2::finisher(activation); }

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
