#include "kernels/depthwise/depthwise.h"

#include "kernels/conv/channels_last.h"
#include "kernels/families.h"
#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace depthwise {
namespace {

constexpr double kNanosecondsPerByte = 0.04;  // read or written, from L2 or L3
constexpr double kGroupGain = 26;  // channels of a group that double the speed: each load serves more products
constexpr double kSpreading = 2;   // time of several filters for each channel, over that of one

template <const SegmentSet& segments> double cost(const Problem& problem, const Target& target) {
  const conv::Geometry geometry = conv::typical_geometry(problem);
  const auto in = static_cast<double>(geometry.images * geometry.input_pixels() * geometry.channels);
  const auto out = static_cast<double>(geometry.images * geometry.output_pixels() * geometry.filters);
  const double multiply_adds = out * static_cast<double>(geometry.kernel() * geometry.group_channels());
  const double slowness = geometry.group_filters() > geometry.group_channels() ? kSpreading : 1;
  const double bytes = in * dtype_bits(problem.inputs[0].dtype) / 8 + out * dtype_bits(problem.outputs[0].dtype) / 8;
  const bool wide = geometry.group_channels() > 1 && problem.inputs[0].dtype == DType::kF32;
  const double gflops = segments.gflops * (wide ? 1 + static_cast<double>(geometry.group_channels()) / kGroupGain : 1);
  double nanoseconds = 200 + slowness * 2 * multiply_adds / gflops + bytes * kNanosecondsPerByte;
  if (!problem.op.as<Conv>()->channels_last) nanoseconds += 0.5 * (in + out);
  return gemm::shared_cost(nanoseconds, multiply_adds, target);
}

template <const SegmentSet& segments> const char* packing(const Problem& problem, size_t input) {
  return input == 1 && problem.inputs[1].constant ? segments.packing : nullptr;
}

template <const SegmentSet& segments> Tensor pack(const Problem&, size_t, const Tensor& weights) {
  return packed_weights(segments, weights);
}

template <const SegmentSet& segments, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_depthwise(segments, isa, problem, target);
}

template <const SegmentSet& segments> const char* refuse(const Problem& problem) {
  return refuse_depthwise(segments, problem);
}

template <const SegmentSet& segments, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse<segments>, cost<segments>, bind<segments, isa>, packing<segments>, pack<segments>};
}

template <const SegmentSet& segments, IsaLevel isa> const char* refuse_bf16(const Problem& problem) {
  if (const char* reason = refuse_bf16_depthwise(segments, problem)) return reason;
  return gemm::refuse_bf16_program(problem.op.as<Conv>()->epilogue, isa);
}

template <const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa>
std::unique_ptr<BoundKernel> bf16_bind(const Problem& problem, const Target& target) {
  return bind_bf16_depthwise(segments, finisher, isa, problem, target);
}

template <const SegmentSet& segments> const char* bf16_packing(const Problem&, size_t input) {
  return input == 1 ? segments.packing : nullptr;
}

template <const SegmentSet& segments> Tensor bf16_pack(const Problem&, size_t, const Tensor& weights) {
  return pack_bf16_depthwise(segments, weights);
}

template <const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa>
constexpr Row bf16_row(const char* name) {
  return {name,
          isa,
          refuse_bf16<segments, isa>,
          cost<segments>,
          bf16_bind<segments, finisher, isa>,
          bf16_packing<segments>,
          bf16_pack<segments>};
}

constexpr Row kRows[] = {
    bf16_row<kAvx512Bf16Segments, gemm::avx512bf16_finisher, IsaLevel::kAvx512Bf16>("avx512bf16_depthwise_bf16_7x16"),
    bf16_row<kAvx512Segments, gemm::avx512_finisher, IsaLevel::kAvx512>("avx512_depthwise_bf16_7x16"),
    bf16_row<kAvx2Segments, gemm::avx2_finisher, IsaLevel::kAvx2>("avx2_depthwise_bf16_7x8"),
    bf16_row<kReferenceSegments, gemm::reference_finisher, IsaLevel::kReference>("reference_depthwise_bf16_7x8"),
    row<kAvx512Segments, IsaLevel::kAvx512>("avx512_depthwise_f32_7x16"),
    row<kAvx2Segments, IsaLevel::kAvx2>("avx2_depthwise_f32_7x8"),
    row<kReferenceSegments, IsaLevel::kReference>("reference_depthwise_f32_7x8"),
};

constexpr const OpDef* kOps[] = {&Conv::def};

std::string text(const Problem& problem) {
  const bool bias = has_input(problem, 2);
  return (problem.inputs[0].dtype == DType::kBF16 ? "bf16 depthwise " : "depthwise ") + conv::geometry_text(problem) +
         (bias ? " +bias" : "") + gemm::epilogue_text(problem.op.as<Conv>()->epilogue);
}

}  // namespace
}  // namespace depthwise

const Family kDepthwiseFamily = {"depthwise", "convolution of each channel or narrow group of channels by itself",
                                 depthwise::kOps, depthwise::kRows, depthwise::text};

}  // namespace ingot::kernels
