#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/norm/norm.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/norm/norm-inl.h"
}  // namespace

NormFunctions norm_functions(DType dtype) { return find_norm(dtype); }

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
