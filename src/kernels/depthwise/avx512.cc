#include "kernels/isa/intrinsics.h"

#include "kernels/depthwise/segment.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::depthwise {
namespace avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_storage.h"

#include "kernels/depthwise/segment-inl.h"
}  // namespace
}  // namespace avx512

const SegmentSet kAvx512Segments = avx512::make_segments("f32_depthwise_16", 60, gemm::transpose_avx2);

}  // namespace ingot::kernels::depthwise
#include "kernels/isa/avx512_end.h"
