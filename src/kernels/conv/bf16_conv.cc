#include "kernels/conv/bf16_conv.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "kernels/conv/channels_last.h"
#include "kernels/conv/padded_lines.h"
#include "kernels/conv/windows.h"
#include "kernels/gemm/bf16_blocked.h"
#include "kernels/gemm/bf16_panels.h"

namespace ingot::kernels::conv {
namespace {

using gemm::Bf16Product;
using gemm::Bf16TileSet;

class BoundBf16Conv final : public BoundKernel {
 public:
  BoundBf16Conv(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  void bind_epilogue(const Problem& problem, IsaLevel isa, gemm::FinisherOf finisher);
  gemm::Bf16Size blocked_size() const;

  Geometry geometry_;
  int64_t groups_;  // products of an image
  Windows windows_;
  std::optional<PaddedLines> padded_;
  bool per_image_ = false;  // whether an operand of the epilogue needs products of one image each
  int64_t group_weights_;   // elements
  int64_t zeros_bytes_ = 0;
  std::optional<gemm::Bf16Epilogue> epilogue_;
  std::optional<gemm::Bf16Gemm> gemm_;
};

// Groups whose products are apart: tiles over groups take all of them as one.
int64_t product_groups(const Bf16TileSet& tiles, int64_t groups) { return tiles.groups ? 1 : groups; }

// Where a run's operands are. Scratch: zeros, the epilogue's, the loops'. Product: image * groups + group, or group
// when all images are one.
class BoundBf16Conv::Operands final : public gemm::Bf16Source {
 public:
  Operands(const BoundBf16Conv& bound, const RunArgs& args) : bound_(bound), args_(args) {}

  Bf16Product product(int64_t index) const noexcept override {
    const Geometry& sizes = bound_.geometry_;
    const int64_t group = index % bound_.groups_, image = index / bound_.groups_;
    const int64_t column = group * sizes.group_filters();
    Bf16Product product;
    product.b = static_cast<const uint16_t*>(args_.inputs[1]) + group * bound_.group_weights_;
    product.zeros = reinterpret_cast<const uint16_t*>(args_.scratch);
    product.c = static_cast<std::byte*>(args_.outputs[0]) +
                (image * sizes.output_pixels() * sizes.filters + column) * bound_.epilogue_->result_bytes();
    bound_.epilogue_->fill(args_.inputs, args_.scratch + bound_.zeros_bytes_, image, column, product);
    return product;
  }
  void rows(int64_t index, int64_t first, int64_t count, const uint16_t** table,
            uint16_t* patches) const noexcept override {
    const Geometry& sizes = bound_.geometry_;
    const int64_t group = index % bound_.groups_, image = index / bound_.groups_;
    bound_.windows_.fill(static_cast<const uint16_t*>(args_.inputs[0]) + group * sizes.group_channels(),
                         reinterpret_cast<const uint16_t*>(args_.scratch), image * sizes.output_pixels() + first, count,
                         table, patches);
  }
  void lines(int64_t index, int64_t first, int64_t count, int64_t stride, uint16_t* out) const noexcept override {
    const Geometry& sizes = bound_.geometry_;
    const int64_t group = index % bound_.groups_, image = index / bound_.groups_;
    const auto* x = static_cast<const uint16_t*>(args_.inputs[0]) + group * sizes.group_channels();
    bound_.padded_->copy(x + image * sizes.input_pixels() * sizes.channels, first, count, stride, out);
  }
  void results(int64_t first, int64_t count, int32_t* rows) const noexcept override {
    bound_.padded_->results(first, count, rows);
  }

 private:
  const BoundBf16Conv& bound_;
  const RunArgs& args_;
};

BoundBf16Conv::BoundBf16Conv(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : geometry_(geometry_of(problem)),
      groups_(product_groups(tiles, geometry_.groups)),
      windows_(geometry_, tiles.shape.rows),
      group_weights_(gemm::packed_elements(tiles, windows_.taps(), windows_.depth(), geometry_.filters / groups_)) {
  zeros_bytes_ = round_up(windows_.depth() * (geometry_.groups / groups_) * 2, 64);
  if (tiles.blocks != nullptr && PaddedLines::pay(geometry_)) {
    padded_.emplace(geometry_);
    per_image_ = true;
  }
  bind_epilogue(problem, isa, tiles.finisher);
  if (epilogue_->has_program()) padded_.reset();
  gemm_.emplace(tiles, blocked_size(), *epilogue_, target);
  scratch_bytes = static_cast<size_t>(zeros_bytes_) + epilogue_->scratch_bytes() + gemm_->scratch_bytes();
}

void BoundBf16Conv::bind_epilogue(const Problem& problem, IsaLevel isa, gemm::FinisherOf finisher) {
  gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
  per_image_ |= !gemm::view_by_rows(problem, kFirstOperand, layout);
  layout.product_axes = per_image_ ? 1 : 0;
  epilogue_.emplace(problem, std::move(layout), kBias, problem.op.as<Conv>()->epilogue, isa, finisher);
}

gemm::Bf16Size BoundBf16Conv::blocked_size() const {
  gemm::Bf16Size size;
  size.products = groups_ * (per_image_ ? geometry_.images : 1);
  size.m = geometry_.output_pixels() * (per_image_ ? 1 : geometry_.images);
  size.n = geometry_.filters / groups_;
  size.taps = windows_.taps();
  size.depth = windows_.depth();
  size.c_stride = geometry_.filters;
  size.row_elements = std::min(size.taps * size.depth, geometry_.group_channels() * geometry_.axes[2].stride * 2) *
                      (geometry_.groups / groups_);
  size.patch_elements = windows_.patch_elements();
  if (padded_) {
    size.m = padded_->rows();
    size.shared_lines = padded_->taps();
  }
  return size;
}

void BoundBf16Conv::run(const RunArgs& args) const noexcept {
  if (geometry_.images * geometry_.filters * geometry_.output_pixels() == 0) return;
  std::memset(args.scratch, 0, static_cast<size_t>(zeros_bytes_));
  epilogue_->prepare(args.inputs, args.scratch + zeros_bytes_);
  gemm_->run(Operands(*this, args), args.scratch + zeros_bytes_ + epilogue_->scratch_bytes(), args.parallel);
}

}  // namespace

const char* refuse_bf16_conv(const Problem& problem) {
  const auto& op = *problem.op.as<Conv>();
  if (const char* reason = refuse_ranks(problem)) return reason;
  if (problem.inputs[0].dtype != DType::kBF16 || problem.inputs[1].dtype != DType::kBF16) {
    return "an operand is not bf16";
  }
  if (!op.channels_last) return "the data is not channels-last";
  if (!problem.inputs[1].constant) return "the weights are not constant";
  return gemm::refuse_bf16_epilogue(op.epilogue, problem, kBias);
}

const char* refuse_bf16_group_conv(const Problem& problem) {
  const int64_t groups = problem.op.as<Conv>()->group;
  const Shape& w = problem.inputs[1].shape;
  if (w.size() < 2 || groups == 1 || w[0] != groups * w[1] || !gemm::fits_groups(w[1])) {
    return "no groups of 2, 4, 8 or 16 channels and as many filters";
  }
  return refuse_bf16_conv(problem);
}

std::unique_ptr<BoundKernel> bind_bf16_conv(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem,
                                            const Target& target) {
  if (const char* reason = refuse_bf16_conv(problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundBf16Conv>(tiles, isa, problem, target);
}

Tensor pack_bf16_conv(const gemm::Bf16TileSet& tiles, const Problem& problem, const Tensor& weights) {
  const int64_t groups = product_groups(tiles, problem.op.as<Conv>()->group), filters = weights.dim(0),
                channels = weights.dim(1);
  const int64_t positions = element_count(std::span(weights.shape()).subspan(2));
  // [filter][position][channel]: a tap, which is one position or a line of them, is consecutive.
  const auto* from = static_cast<const uint16_t*>(weights.raw());
  std::vector<uint16_t> turned(static_cast<size_t>(weights.count()));
  for (int64_t row = 0; row < filters * channels; ++row) {
    const int64_t first = row / channels * positions * channels + row % channels;
    for (int64_t i = 0; i < positions; ++i) turned[static_cast<size_t>(first + i * channels)] = *from++;
  }
  const Windows windows(typical_geometry(problem), tiles.shape.rows);  // its taps follow from the weights
  const int64_t taps = windows.taps(), depth = windows.depth(), group_filters = filters / groups;
  const int64_t elements = gemm::packed_elements(tiles, taps, depth, group_filters);
  Tensor packed = Tensor::uninitialized(DType::kU8, {groups * elements * 2});
  for (int64_t group = 0; group < groups; ++group) {
    gemm::pack_bf16_panels(tiles, turned.data() + group * group_filters * taps * depth, {depth, 1, taps * depth}, taps,
                           depth, group_filters, static_cast<uint16_t*>(packed.mutable_raw()) + group * elements);
  }
  return packed;
}

}  // namespace ingot::kernels::conv
