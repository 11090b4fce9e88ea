#include "kernels/conv/channels_last.h"

#include <algorithm>

#include "base/checked.h"

namespace ingot::kernels::conv {
namespace {

int64_t float_bytes(int64_t count) { return count * static_cast<int64_t>(sizeof(float)); }

}  // namespace

const char* refuse_convolution(const Problem& problem) {
  const char* reason = refuse_geometry(problem);
  if (reason != nullptr) return reason;
  return gemm::refuse_epilogue(problem.op.as<Conv>()->epilogue, problem, kFirstOperand);
}

BoundChannelsLast::BoundChannelsLast(const Problem& problem, IsaLevel isa, Transpose transpose, int64_t packed_floats,
                                     int64_t zeros)
    : geometry_(geometry_of(problem)),
      transpose_(transpose),
      weights_(problem.inputs[1].shape),
      channels_last_(problem.op.as<Conv>()->channels_last),
      packed_(problem.inputs[1].constant),
      zero_count_(zeros) {
  zeros_at_ = reserve(float_bytes(zeros));
  if (!packed_) packed_at_ = reserve(float_bytes(packed_floats));
  if (!channels_last_) {
    x_at_ = reserve(float_bytes(geometry_.images * geometry_.input_pixels() * geometry_.channels));
    y_at_ = reserve(float_bytes(geometry_.images * geometry_.output_pixels() * geometry_.filters));
  }
  bind_epilogue(problem, isa);
}

int64_t BoundChannelsLast::reserve(int64_t bytes) {
  const auto at = static_cast<int64_t>(scratch_bytes);
  scratch_bytes += static_cast<size_t>(round_up(bytes, 64));
  return at;
}

// Channels-last: everything on rows of pixels. Channels-first: there the bias and a body without operands, the rest on
// planes after the result is brought back.
void BoundChannelsLast::bind_epilogue(const Problem& problem, IsaLevel isa) {
  const auto& body = problem.op.as<Conv>()->epilogue;
  const bool on_planes = !channels_last_ && problem.inputs.size() > kFirstOperand && !body.empty();
  gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
  if (!channels_last_) std::rotate(layout.result.begin() + 1, layout.result.begin() + 2, layout.result.end());
  per_image_ = channels_last_ && !gemm::view_by_rows(problem, kFirstOperand, layout);
  layout.product_axes = per_image_ ? 1 : 0;
  const std::span<const TileInstruction> on_rows = on_planes ? std::span<const TileInstruction>() : body;
  epilogue_.emplace(problem, layout, kBias, on_rows, kFirstOperand, isa);
  epilogue_at_ = reserve(static_cast<int64_t>(epilogue_->scratch_bytes()));
  if (!on_planes) return;
  const gemm::RowLayout planes{problem.outputs[0].shape, 1, weights_.size() - 2};
  planes_.emplace(problem, planes, problem.inputs.size(), body, kFirstOperand, isa, false);
  planes_at_ = reserve(static_cast<int64_t>(planes_->scratch_bytes()));
}

void BoundChannelsLast::finish_planes(const RunArgs& args) const noexcept {
  const int64_t pixels = geometry_.output_pixels(), filters = geometry_.filters;
  planes_->prepare(args.inputs, args.scratch + planes_at_);
  args.parallel.run(geometry_.images * filters, [&](int64_t plane) {
    gemm::Product product;
    planes_->fill(args.inputs, args.scratch + planes_at_, plane / filters, 0, product);
    for (RowOperand& operand : product.operands) operand.data += plane % filters * operand.row_stride;
    float* data = static_cast<float*>(args.outputs[0]) + plane * pixels;
    planes_->program()->run({data, pixels, 1, pixels}, product.operands.data());
  });
}

void BoundChannelsLast::run(const RunArgs& args) const noexcept {
  if (geometry_.images * geometry_.filters * geometry_.output_pixels() == 0) return;
  const auto floats = [&](int64_t at) { return reinterpret_cast<float*>(args.scratch + at); };
  std::fill_n(floats(zeros_at_), zero_count_, 0.0f);
  Run run{args,
          static_cast<const float*>(args.inputs[0]),
          static_cast<const float*>(args.inputs[1]),
          floats(zeros_at_),
          static_cast<float*>(args.outputs[0]),
          args.scratch + own_at_};
  if (!packed_) {
    pack(run.w, floats(packed_at_));
    run.w = floats(packed_at_);
  }
  if (!channels_last_) {
    transpose_images(transpose_, run.x, geometry_.images, geometry_.channels, geometry_.input_pixels(), floats(x_at_),
                     args.parallel);
    run.x = floats(x_at_);
    run.y = floats(y_at_);
  }
  epilogue_->prepare(args.inputs, args.scratch + epilogue_at_);
  convolve(run);
  if (channels_last_) return;
  transpose_images(transpose_, run.y, geometry_.images, geometry_.output_pixels(), geometry_.filters,
                   static_cast<float*>(args.outputs[0]), args.parallel);
  if (planes_) finish_planes(args);
}

}  // namespace ingot::kernels::conv
