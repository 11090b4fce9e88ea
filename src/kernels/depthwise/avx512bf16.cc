#include "kernels/isa/intrinsics.h"

#include "kernels/depthwise/segment.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::depthwise {
namespace avx512bf16 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_storage.h"

#include "kernels/depthwise/segment-inl.h"
}  // namespace
}  // namespace avx512bf16

const SegmentSet kAvx512Bf16Segments = {avx512bf16::kLanes,
                                        "f32_depthwise_16",
                                        60,
                                        gemm::transpose_avx2,
                                        {},
                                        avx512bf16::make_functions<avx512bf16::Brain>(),
                                        {},
                                        {}};

}  // namespace ingot::kernels::depthwise
#include "kernels/isa/avx512_end.h"
