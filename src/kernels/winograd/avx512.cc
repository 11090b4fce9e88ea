#include "kernels/isa/intrinsics.h"

#include "kernels/winograd/transform.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::winograd {
namespace avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"

#include "kernels/winograd/transform-inl.h"
}  // namespace
}  // namespace avx512

const TransformSet kAvx512Winograd2 = {
    2, 16, 8, 8, avx512::transform_input<2, float>, avx512::transform_input<2, uint16_t>, avx512::transform_output<2>};
const TransformSet kAvx512Winograd4 = {4,
                                       16,
                                       25,
                                       20,
                                       avx512::transform_input<4, float>,
                                       avx512::transform_input<4, uint16_t>,
                                       avx512::transform_output<4>};

}  // namespace ingot::kernels::winograd
#include "kernels/isa/avx512_end.h"
