#include "kernels/isa/intrinsics.h"

#include "kernels/depthwise/segment.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::depthwise {
namespace avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_storage.h"

#include "kernels/depthwise/segment-inl.h"
}  // namespace
}  // namespace avx2

const SegmentSet kAvx2Segments = avx2::make_segments("f32_depthwise_8", 50, gemm::transpose_avx2);

}  // namespace ingot::kernels::depthwise
#include "kernels/isa/avx2_end.h"
