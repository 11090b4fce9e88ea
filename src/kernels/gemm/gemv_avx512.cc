#include "kernels/isa/intrinsics.h"

#include <algorithm>
#include <limits>

#include "kernels/gemm/gemv.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::gemm {
namespace avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"

#include "kernels/gemm/gemv-inl.h"
}  // namespace
}  // namespace avx512

const GemvSet kAvx512Gemv = {avx512::gemv_rows, avx512::gemv_columns, avx512::gemv_finish};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx512_end.h"
