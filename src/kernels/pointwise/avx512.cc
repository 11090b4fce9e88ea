// The machine of tile programs on AVX-512.
#include "kernels/isa/intrinsics.h"

#include <cmath>
#include <utility>

#include "kernels/pointwise/step.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_math.h"
#include "kernels/pointwise/functions-inl.h"
#include "kernels/pointwise/machine-inl.h"
}  // namespace

const Machine kMachine = {kLanes, find_step, run_steps};

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
