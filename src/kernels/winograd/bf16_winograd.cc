// A Winograd convolution of bf16 with sizes fixed: transforms and products in f32, one rounding at the end.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "base/checked.h"
#include "kernels/conv/channels_last.h"
#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/winograd/rounds.h"
#include "kernels/winograd/winograd.h"

namespace ingot::kernels::winograd {
namespace {

class BoundBf16Winograd final : public BoundKernel {
 public:
  BoundBf16Winograd(const TransformSet& transforms, const gemm::TileSet& tiles, IsaLevel isa, const Problem& problem,
                    const Target& target)
      : geometry_(conv::geometry_of(problem)), rounds_(transforms, tiles, geometry_, target) {
    gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
    per_image_ = !gemm::view_by_rows(problem, conv::kFirstOperand, layout);
    layout.product_axes = per_image_ ? 1 : 0;
    epilogue_.emplace(problem, std::move(layout), conv::kBias, problem.op.as<Conv>()->epilogue, isa,
                      gemm::finisher_of(isa));
    zeros_bytes_ = round_up(geometry_.channels * 2, 64);
    rounds_at_ = zeros_bytes_ + round_up(static_cast<int64_t>(epilogue_->scratch_bytes()), 64);
    scratch_bytes = static_cast<size_t>(rounds_at_ + rounds_.scratch_bytes());
  }
  void run(const RunArgs& args) const noexcept override;

 private:
  void finish(const RunArgs& args, const Rounds::Place& at, float* sums, int64_t stride) const noexcept;
  void run_program(const gemm::Bf16Product& product, const Rounds::Place& at, const float* sums,
                   int64_t stride) const noexcept;

  conv::Geometry geometry_;
  Rounds rounds_;
  bool per_image_ = false;  // whether an operand of the epilogue needs products of one image each
  std::optional<gemm::Bf16Epilogue> epilogue_;
  int64_t zeros_bytes_ = 0, rounds_at_ = 0;  // scratch: zeros, the epilogue's, the rounds'
};

// The sums become pixels where they lie, pixel i in place of point i, and then results.
void BoundBf16Winograd::finish(const RunArgs& args, const Rounds::Place& at, float* sums,
                               int64_t stride) const noexcept {
  const int outputs = rounds_.transforms().outputs;
  const int64_t height = geometry_.axes[1].output, width = geometry_.axes[2].output, pixels = height * width;
  float* made[kMaxOutputs];
  int32_t rows[kMaxOutputs];  // from the first pixel on; -1 past the edge
  for (int i = 0; i < outputs * outputs; ++i) {
    const int64_t y = i / outputs, x = i % outputs;
    made[i] = sums + i * stride;
    rows[i] = at.row + y < height && at.column + x < width ? static_cast<int32_t>(y * width + x) : -1;
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  rounds_.transforms().output({sums, stride, geometry_.filters, made, nullptr, nullptr, -kInfinity, kInfinity});
  gemm::Bf16Product product;
  epilogue_->fill(args.inputs, args.scratch + zeros_bytes_, per_image_ ? at.image : 0, 0, product);
  product.c = static_cast<std::byte*>(args.outputs[0]) +
              (per_image_ ? at.image * pixels * geometry_.filters * epilogue_->result_bytes() : 0);
  const int64_t first = (per_image_ ? 0 : at.image * pixels) + at.row * width + at.column;
  gemm::FinishArgs finish;
  epilogue_->describe(product, first, 0, geometry_.filters, finish);
  finish.sums = sums;
  finish.sums_stride = stride;
  finish.rows = outputs * outputs;
  finish.columns = geometry_.filters;
  if (!epilogue_->has_program()) {
    finish.row_map = rows;
    return finish.finish_rows();
  }
  finish.finish_rows();  // the bias
  run_program(product, at, sums, stride);
}

void BoundBf16Winograd::run_program(const gemm::Bf16Product& product, const Rounds::Place& at, const float* sums,
                                    int64_t stride) const noexcept {
  const int64_t outputs = rounds_.transforms().outputs, filters = geometry_.filters;
  const int64_t height = geometry_.axes[1].output, width = geometry_.axes[2].output;
  const int64_t image_row = (per_image_ ? 0 : at.image) * height * width;
  const int64_t columns = std::min(outputs, width - at.column);
  for (int64_t i = 0; i < outputs && at.row + i < height; ++i) {
    const int64_t row = image_row + (at.row + i) * width + at.column;
    epilogue_->finish_rows(sums + i * outputs * stride, stride, row, columns, 0, filters, product.operands.data(),
                           product.c + row * filters * epilogue_->result_bytes(), filters);
  }
}

void BoundBf16Winograd::run(const RunArgs& args) const noexcept {
  if (geometry_.images * geometry_.filters * geometry_.output_pixels() == 0) return;
  std::memset(args.scratch, 0, static_cast<size_t>(zeros_bytes_));
  epilogue_->prepare(args.inputs, args.scratch + zeros_bytes_);
  const auto* x = static_cast<const uint16_t*>(args.inputs[0]);
  const auto* zeros = reinterpret_cast<const uint16_t*>(args.scratch);
  const auto transform = [&](int64_t tile, float* v, int64_t stride) {
    const uint16_t* pixels[kMaxPoints];
    rounds_.inputs(rounds_.place(tile), geometry_, x, zeros, pixels);
    rounds_.transforms().input_bf16(pixels, geometry_.channels, v, stride);
  };
  rounds_.run(args.parallel, static_cast<const float*>(args.inputs[1]), args.scratch + rounds_at_, transform,
              [&](int64_t tile, float* m, int64_t stride) { finish(args, rounds_.place(tile), m, stride); });
}

}  // namespace

std::unique_ptr<BoundKernel> bind_bf16_winograd(const TransformSet& transforms, const gemm::TileSet& tiles,
                                                IsaLevel isa, const Problem& problem, const Target& target) {
  return std::make_unique<BoundBf16Winograd>(transforms, tiles, isa, problem, target);
}

}  // namespace ingot::kernels::winograd
