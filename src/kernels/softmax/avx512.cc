#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <type_traits>

#include "kernels/softmax/softmax.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/isa/vec_weight.h"
#include "kernels/softmax/softmax-inl.h"
}  // namespace

SoftmaxFunctions softmax_functions(DType dtype) { return find_softmax(dtype); }

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
