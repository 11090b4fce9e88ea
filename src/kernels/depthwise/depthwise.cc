#include "kernels/depthwise/depthwise.h"

#include "kernels/conv/channels_last.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace depthwise {
namespace {

constexpr double kNanosecondsPerFloat = 0.15;  // read or written, from L2 or L3

template <const SegmentSet& segments> double cost(const Problem& problem, const Target& target) {
  const conv::Geometry geometry = conv::typical_geometry(problem);
  const auto in = static_cast<double>(geometry.images * geometry.input_pixels() * geometry.channels);
  const auto out = static_cast<double>(geometry.images * geometry.output_pixels() * geometry.channels);
  const double multiply_adds = out * static_cast<double>(geometry.kernel());
  double nanoseconds = 200 + 2 * multiply_adds / segments.gflops + (in + out) * kNanosecondsPerFloat;
  if (!problem.op.as<Conv>()->channels_last) nanoseconds += 0.5 * (in + out);
  return gemm::shared_cost(nanoseconds, multiply_adds, target);
}

template <const SegmentSet& segments> const char* packing(const Problem& problem, size_t input) {
  return input == 1 && problem.inputs[1].constant ? segments.packing : nullptr;
}

template <const SegmentSet& segments> Tensor pack(const Problem&, size_t, const Tensor& weights) {
  const int64_t channels = weights.dim(0), positions = element_count(std::span(weights.shape()).subspan(1));
  const int64_t floats = packed_weight_floats(segments, channels, positions);
  Tensor packed = Tensor::uninitialized(DType::kU8, {floats * static_cast<int64_t>(sizeof(float))});
  pack_weights(segments, weights.data<float>(), channels, positions, static_cast<float*>(packed.mutable_raw()));
  return packed;
}

template <const SegmentSet& segments, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_depthwise(segments, isa, problem, target);
}

template <const SegmentSet& segments, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse_depthwise, cost<segments>, bind<segments, isa>, packing<segments>, pack<segments>};
}

constexpr Row kRows[] = {
    row<kAvx512Segments, IsaLevel::kAvx512>("avx512_depthwise_f32_7x16"),
    row<kAvx2Segments, IsaLevel::kAvx2>("avx2_depthwise_f32_7x8"),
    row<kReferenceSegments, IsaLevel::kReference>("reference_depthwise_f32_7x8"),
};

constexpr const OpDef* kOps[] = {&Conv::def};

std::string text(const Problem& problem) {
  const bool bias = problem.inputs.size() > 2 && problem.inputs[2].present();
  return "depthwise " + conv::geometry_text(problem) + (bias ? " +bias" : "") +
         gemm::epilogue_text(problem.op.as<Conv>()->epilogue);
}

}  // namespace
}  // namespace depthwise

const Family kDepthwiseFamily = {"depthwise", "convolution of each channel by itself", depthwise::kOps,
                                 depthwise::kRows, depthwise::text};

}  // namespace ingot::kernels
