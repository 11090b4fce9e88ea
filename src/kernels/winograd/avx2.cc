#include "kernels/isa/intrinsics.h"

#include "kernels/winograd/transform.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::winograd {
namespace avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"

#include "kernels/winograd/transform-inl.h"
}  // namespace
}  // namespace avx2

const TransformSet kAvx2Winograd2 = {
    2, 8, 8, 8, avx2::transform_input<2, float>, avx2::transform_input<2, uint16_t>, avx2::transform_output<2>};
const TransformSet kAvx2Winograd4 = {
    4, 8, 25, 20, avx2::transform_input<4, float>, avx2::transform_input<4, uint16_t>, avx2::transform_output<4>};

}  // namespace ingot::kernels::winograd
#include "kernels/isa/avx2_end.h"
