// A depthwise convolution on bf16 with sizes fixed. Segments make the results where bias and limits are all that sums
// need; other sums of a segment stay in L1 until they are finished.
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "kernels/conv/bf16_conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/depthwise/walk.h"
#include "kernels/gemm/bf16_epilogue.h"
#include "tensor/elements.h"

namespace ingot::kernels::depthwise {
namespace {

using gemm::Bf16Product;
using gemm::FinishArgs;

constexpr size_t kBias = 2, kFirstOperand = 3;

class BoundBf16Depthwise final : public BoundKernel {
 public:
  BoundBf16Depthwise(const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa, const Problem& problem,
                     const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  const conv::Geometry& geometry() const { return walk_.geometry(); }
  void run_line(const RunArgs& args, int64_t line, int64_t block, const void** table, float* sums) const noexcept;
  void run_plain(const Bf16Product& product, int64_t row, int index, SegmentArgs& segment) const noexcept;
  void finish(const Bf16Product& product, int64_t row, int64_t pixels, const SegmentArgs& segment) const noexcept;

  Walk walk_;
  bool per_image_ = false;  // whether an operand of the epilogue needs products of one image each
  std::optional<gemm::Bf16Epilogue> epilogue_;
  int64_t zeros_bytes_ = 0, sums_stride_ = 0, slot_bytes_ = 0;
};

BoundBf16Depthwise::BoundBf16Depthwise(const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa,
                                       const Problem& problem, const Target& target)
    : walk_(segments, segments.bf16, conv::geometry_of(problem), target) {
  gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
  per_image_ |= !gemm::view_by_rows(problem, kFirstOperand, layout);
  layout.product_axes = per_image_ ? 1 : 0;
  epilogue_.emplace(problem, std::move(layout), kBias, problem.op.as<Conv>()->epilogue, isa, finisher);
  zeros_bytes_ = round_up(geometry().channels * 2, 64);
  sums_stride_ = round_up(walk_.most_channels(), 16);  // finishing reads whole vectors
  slot_bytes_ = walk_.table_bytes() + kSizes[0] * sums_stride_ * static_cast<int64_t>(sizeof(float));
  scratch_bytes =
      static_cast<size_t>(zeros_bytes_) + epilogue_->scratch_bytes() + static_cast<size_t>(walk_.slots() * slot_bytes_);
}

void BoundBf16Depthwise::finish(const Bf16Product& product, int64_t row, int64_t pixels,
                                const SegmentArgs& segment) const noexcept {
  const int64_t channels = geometry().filters;
  FinishArgs args;
  epilogue_->describe(product, row, segment.first, channels, args);
  args.sums = segment.y;
  args.sums_stride = sums_stride_;
  args.rows = pixels;
  args.columns = segment.channels;
  args.finish_rows();
  if (!epilogue_->has_program()) return;
  for (int64_t column = 0; column < segment.channels; column += kShortRow) {
    const int64_t first = segment.first + column;
    epilogue_->finish_rows(segment.y + column, sums_stride_, row, pixels, first,
                           std::min(kShortRow, segment.channels - column), product.operands.data(),
                           product.c + (row * channels + first) * epilogue_->result_bytes(), channels);
  }
}

void BoundBf16Depthwise::run_plain(const Bf16Product& product, int64_t row, int index,
                                   SegmentArgs& segment) const noexcept {
  segment.y_stride = geometry().filters;
  segment.narrow = reinterpret_cast<uint16_t*>(product.c) + row * segment.y_stride + segment.first;
  segment.finish = product.finish;
  if (segment.finish.bias != nullptr) segment.finish.bias += segment.first;
  walk_.function(index)(segment);
}

void BoundBf16Depthwise::run_line(const RunArgs& args, int64_t line, int64_t block, const void** table,
                                  float* sums) const noexcept {
  const int64_t width = geometry().axes[2].output, image_lines = geometry().axes[0].output * geometry().axes[1].output;
  const int64_t image = per_image_ ? line / image_lines : 0;
  const WalkData data = {static_cast<const std::byte*>(args.inputs[0]), args.scratch, 2,
                         static_cast<const float*>(args.inputs[1])};
  Bf16Product product;
  product.c = static_cast<std::byte*>(args.outputs[0]) +
              image * image_lines * width * geometry().filters * epilogue_->result_bytes();
  epilogue_->fill(args.inputs, args.scratch + zeros_bytes_, image, 0, product);
  Walk::Table pointers{table};
  const int64_t first_row = (line - image * image_lines) * width;
  const bool plain = epilogue_->plain() && product.addend.at == nullptr;
  walk_.segments([&](int64_t column, int index) {
    SegmentArgs segment = walk_.arguments(data, line, column, index, block, pointers);
    if (plain) return run_plain(product, first_row + column, index, segment);
    segment.y = sums;
    segment.y_stride = sums_stride_;
    walk_.function(index)(segment);
    finish(product, first_row + column, kSizes[index], segment);
  });
}

void BoundBf16Depthwise::run(const RunArgs& args) const noexcept {
  if (geometry().images * geometry().filters * geometry().output_pixels() == 0) return;
  std::memset(args.scratch, 0, static_cast<size_t>(zeros_bytes_));
  epilogue_->prepare(args.inputs, args.scratch + zeros_bytes_);
  args.parallel.run(walk_.slots(), [&](int64_t slot) {
    std::byte* own = args.scratch + zeros_bytes_ + epilogue_->scratch_bytes() + slot * slot_bytes_;
    auto* table = reinterpret_cast<const void**>(own);
    auto* sums = reinterpret_cast<float*>(own + walk_.table_bytes());
    walk_.lines(slot, [&](int64_t line, int64_t block) { run_line(args, line, block, table, sums); });
  });
}

}  // namespace

const char* refuse_bf16_depthwise(const SegmentSet& segments, const Problem& problem) {
  if (const char* reason = conv::refuse_bf16_conv(problem)) return reason;
  return refuse_groups(segments, problem);
}

std::unique_ptr<BoundKernel> bind_bf16_depthwise(const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa,
                                                 const Problem& problem, const Target& target) {
  if (const char* reason = refuse_bf16_depthwise(segments, problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundBf16Depthwise>(segments, finisher, isa, problem, target);
}

Tensor pack_bf16_depthwise(const SegmentSet& segments, const Tensor& weights) {
  return packed_weights(segments, convert(weights, DType::kF32));
}

}  // namespace ingot::kernels::depthwise
