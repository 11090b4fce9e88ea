#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/pool/pool.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/pool/pool-inl.h"
}  // namespace

PoolFunction pool_function(DType dtype, bool maximum, bool channels_last) {
  return find_pool(dtype, maximum, channels_last);
}

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
