#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/norm/norm.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/norm/norm-inl.h"
}  // namespace

NormFunctions norm_functions(DType dtype) { return find_norm(dtype); }

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
