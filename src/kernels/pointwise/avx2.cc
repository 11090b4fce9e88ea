// The machine of tile programs on AVX2.
#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <utility>

#include "kernels/pointwise/step.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_math.h"
#include "kernels/pointwise/functions-inl.h"
#include "kernels/pointwise/machine-inl.h"
}  // namespace

const Machine kMachine = {kLanes, find_step, run_steps};

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
