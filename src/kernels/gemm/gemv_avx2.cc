#include "kernels/isa/intrinsics.h"

#include <algorithm>
#include <limits>

#include "kernels/gemm/gemv.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::gemm {
namespace avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"

#include "kernels/gemm/gemv-inl.h"
}  // namespace
}  // namespace avx2

const GemvSet kAvx2Gemv = {avx2::gemv_rows, avx2::gemv_columns, avx2::gemv_finish};

}  // namespace ingot::kernels::gemm
#include "kernels/isa/avx2_end.h"
