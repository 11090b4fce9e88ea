#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <type_traits>

#include "kernels/softmax/softmax.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/isa/vec_weight.h"
#include "kernels/softmax/softmax-inl.h"
}  // namespace

SoftmaxFunctions softmax_functions(DType dtype) { return find_softmax(dtype); }

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
