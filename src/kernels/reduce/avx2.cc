#include "kernels/isa/intrinsics.h"

#include <cmath>

#include "kernels/reduce/reduce.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/reduce/reduce-inl.h"
}  // namespace

ReduceFunction reduce_function(ReduceStep step, DType dtype, bool columns) { return find_reduce(step, dtype, columns); }
FinishFunction finish_function(DType dtype) { return find_finish(dtype); }

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
