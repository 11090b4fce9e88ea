#include "kernels/depthwise/int8_depthwise.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "kernels/conv/int8_conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/depthwise/walk.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/int8_epilogue.h"
#include "ops/conv_integer.h"
#include "tensor/elements.h"

namespace ingot::kernels {
namespace depthwise {
namespace {

constexpr int64_t kMostPositions = (1 << 24) / (255 * 128);  // whose sums f32 holds

int64_t positions_of(const Shape& weights) { return element_count(std::span(weights).subspan(1)); }

class BoundInt8Depthwise final : public BoundKernel {
 public:
  BoundInt8Depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  const conv::Geometry& geometry() const { return walk_.geometry(); }
  void prepare(const RunArgs& args) const noexcept;
  void run_line(const RunArgs& args, int64_t line, int64_t block, const void** table, float* sums) const noexcept;
  void finish(const gemm::Int8Epilogue::Operands& operands, std::byte* y, int64_t row, int64_t pixels,
              const SegmentArgs& segment) const noexcept;

  Walk walk_;
  DType x_type_;
  bool has_zero_;
  int64_t weight_floats_;
  bool per_image_ = false;  // whether an operand of the epilogue needs products of one image each
  std::optional<gemm::Int8Epilogue> epilogue_;
  int64_t zeros_bytes_ = 0, bias_bytes_ = 0, sums_stride_ = 0, slot_bytes_ = 0;
};

// Scratch: zero points, what is added to sums, the epilogue's, then for each slot its table and sums.
BoundInt8Depthwise::BoundInt8Depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                       const Target& target)
    : walk_(segments, problem.inputs[0].dtype == DType::kU8 ? segments.u8 : segments.i8,
            conv::geometry_of(conv::as_conv(problem)), target),
      x_type_(problem.inputs[0].dtype),
      has_zero_(has_input(problem, conv::kIntegerZeroPoint)),
      weight_floats_(packed_weight_floats(segments, geometry().filters, geometry().kernel())) {
  gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
  per_image_ = !gemm::view_by_rows(problem, conv::kIntegerOperand, layout);
  layout.product_axes = per_image_ ? 1 : 0;
  epilogue_.emplace(problem, std::move(layout), conv::kIntegerOperand, problem.op.as<ConvInteger>()->epilogue, isa,
                    DType::kF32);
  zeros_bytes_ = round_up(geometry().channels, 64);
  bias_bytes_ = round_up(geometry().channels * 4, 64);
  sums_stride_ = round_up(walk_.most_channels(), 16);
  slot_bytes_ = walk_.table_bytes() + kSizes[0] * sums_stride_ * static_cast<int64_t>(sizeof(float));
  scratch_bytes = static_cast<size_t>(zeros_bytes_ + bias_bytes_) + epilogue_->scratch_bytes() +
                  static_cast<size_t>(walk_.slots() * slot_bytes_);
}

void BoundInt8Depthwise::prepare(const RunArgs& args) const noexcept {
  const void* zero = has_zero_ ? args.inputs[conv::kIntegerZeroPoint] : nullptr;
  const float number = zero == nullptr ? 0 : splat_value(x_type_, zero);
  std::memset(args.scratch, zero == nullptr ? 0 : *static_cast<const uint8_t*>(zero),
              static_cast<size_t>(zeros_bytes_));
  const float* sums = static_cast<const float*>(args.inputs[1]) + weight_floats_;
  auto* bias = reinterpret_cast<float*>(args.scratch + zeros_bytes_);
  for (int64_t i = 0; i < geometry().channels; ++i) bias[i] = -number * sums[i];
  epilogue_->prepare(args.inputs, args.scratch + zeros_bytes_ + bias_bytes_);
}

void BoundInt8Depthwise::finish(const gemm::Int8Epilogue::Operands& operands, std::byte* y, int64_t row, int64_t pixels,
                                const SegmentArgs& segment) const noexcept {
  const int64_t channels = geometry().filters, bytes = epilogue_->result_bytes();
  for (int64_t column = 0; column < segment.channels; column += kShortRow) {
    const int64_t first = segment.first + column, count = std::min(kShortRow, segment.channels - column);
    const float* sums = segment.y + column;
    std::byte* to = y + (row * channels + first) * bytes;
    if (epilogue_->has_program()) {
      epilogue_->finish(sums, sums_stride_, row, pixels, first, count, operands, to, channels);
      continue;
    }
    for (int64_t r = 0; r < pixels; ++r, sums += sums_stride_, to += channels * bytes) {
      for (int64_t c = 0; c < count; ++c) reinterpret_cast<int32_t*>(to)[c] = static_cast<int32_t>(sums[c]);
    }
  }
}

void BoundInt8Depthwise::run_line(const RunArgs& args, int64_t line, int64_t block, const void** table,
                                  float* sums) const noexcept {
  const int64_t width = geometry().axes[2].output, image_lines = geometry().axes[0].output * geometry().axes[1].output;
  const int64_t image = per_image_ ? line / image_lines : 0;
  const WalkData data = {static_cast<const std::byte*>(args.inputs[0]), args.scratch, 1,
                         static_cast<const float*>(args.inputs[1])};
  const auto* bias = reinterpret_cast<const float*>(args.scratch + zeros_bytes_);
  std::byte* y = static_cast<std::byte*>(args.outputs[0]) +
                 image * image_lines * width * geometry().filters * epilogue_->result_bytes();
  gemm::Int8Epilogue::Operands operands;
  epilogue_->fill(args.inputs, args.scratch + zeros_bytes_ + bias_bytes_, image, 0, operands);
  Walk::Table pointers{table};
  walk_.segments([&](int64_t column, int index) {
    SegmentArgs segment = walk_.arguments(data, line, column, index, block, pointers);
    segment.finish.bias = bias + segment.first;
    segment.y = sums;
    segment.y_stride = sums_stride_;
    walk_.function(index)(segment);
    finish(operands, y, (line - image * image_lines) * width + column, kSizes[index], segment);
  });
}

void BoundInt8Depthwise::run(const RunArgs& args) const noexcept {
  if (geometry().images * geometry().filters * geometry().output_pixels() == 0) return;
  prepare(args);
  std::byte* slots = args.scratch + zeros_bytes_ + bias_bytes_ + static_cast<int64_t>(epilogue_->scratch_bytes());
  args.parallel.run(walk_.slots(), [&](int64_t slot) {
    std::byte* own = slots + slot * slot_bytes_;
    auto* table = reinterpret_cast<const void**>(own);
    auto* sums = reinterpret_cast<float*>(own + walk_.table_bytes());
    walk_.lines(slot, [&](int64_t line, int64_t block) { run_line(args, line, block, table, sums); });
  });
}

template <const SegmentSet& segments> double cost(const Problem& problem, const Target& target) {
  const conv::Geometry geometry = conv::typical_geometry(conv::as_conv(problem));
  const double multiply_adds = static_cast<double>(geometry.images * geometry.output_pixels()) *
                               static_cast<double>(geometry.filters * geometry.kernel());
  return gemm::shared_cost(200 + 2 * multiply_adds / segments.gflops, multiply_adds, target);
}

template <const SegmentSet& segments> const char* packing(const Problem&, size_t input) {
  return input == 1 ? "integer_depthwise" : nullptr;
}

template <const SegmentSet& segments> Tensor pack(const Problem&, size_t, const Tensor& weights) {
  return pack_int8_depthwise(segments, weights);
}

template <IsaLevel isa> const char* refuse(const Problem& problem) {
  if (const char* reason = refuse_int8_depthwise(problem)) return reason;
  return gemm::refuse_int8_program(problem.op.as<ConvInteger>()->epilogue, isa);
}

template <const SegmentSet& segments, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_int8_depthwise(segments, isa, problem, target);
}

template <const SegmentSet& segments, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse<isa>, cost<segments>, bind<segments, isa>, packing<segments>, pack<segments>};
}

constexpr Row kRows[] = {
    row<kAvx512Segments, IsaLevel::kAvx512>("avx512_integer_depthwise_int8_7x16"),
    row<kAvx2Segments, IsaLevel::kAvx2>("avx2_integer_depthwise_int8_7x8"),
    row<kReferenceSegments, IsaLevel::kReference>("reference_integer_depthwise_int8_7x8"),
};

constexpr const OpDef* kOps[] = {&ConvInteger::def};

std::string text(const Problem& problem) { return "depthwise " + kIntegerConvFamily.text(problem); }

}  // namespace

const char* refuse_int8_depthwise(const Problem& problem) {
  if (const char* reason = conv::refuse_int8_conv(problem)) return reason;
  const Shape& w = problem.inputs[1].shape;
  if (w[1] != 1 || w[0] != problem.op.as<ConvInteger>()->group) return "there is not one filter for each channel";
  return positions_of(w) > kMostPositions ? "f32 may not hold sums of so many products" : nullptr;
}

std::unique_ptr<BoundKernel> bind_int8_depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                                 const Target& target) {
  if (const char* reason = refuse_int8_depthwise(problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundInt8Depthwise>(segments, isa, problem, target);
}

Tensor pack_int8_depthwise(const SegmentSet& segments, const Tensor& weights) {
  const int64_t channels = weights.dim(0), positions = positions_of(weights.shape());
  const int64_t floats = packed_weight_floats(segments, channels, positions);
  Tensor packed = Tensor::uninitialized(DType::kU8, {(floats + channels) * static_cast<int64_t>(sizeof(float))});
  auto* out = static_cast<float*>(packed.mutable_raw());
  pack_weights(segments, convert(weights, DType::kF32).data<float>(), weights.shape(), out);
  const auto* from = weights.data<int8_t>();
  for (int64_t i = 0; i < channels; ++i, from += positions) {
    int32_t sum = 0;
    for (int64_t p = 0; p < positions; ++p) sum += from[p];
    out[floats + i] = static_cast<float>(sum);
  }
  return packed;
}

}  // namespace depthwise

const Family kIntegerDepthwiseFamily = {"integer_depthwise", "convolution of each channel of bytes by itself",
                                        depthwise::kOps, depthwise::kRows, depthwise::text};

}  // namespace ingot::kernels
