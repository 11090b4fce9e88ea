// A convolution with sizes fixed: a source of rows for the blocked loops, between layout changes where needed.
#include <algorithm>

#include "base/checked.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/windows.h"
#include "kernels/gemm/bound_epilogue.h"

namespace ingot::kernels::conv {
namespace {

using gemm::BoundEpilogue;
using gemm::Product;
using gemm::TileSet;

constexpr size_t kBias = 2, kFirstOperand = 3;

int64_t float_bytes(int64_t count) { return round_up(count * static_cast<int64_t>(sizeof(float)), 64); }

Shape kernel_shape(const Problem& problem) { return problem.inputs[1].shape; }

class BoundConv : public BoundKernel {
 public:
  BoundConv(const TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  void bind_epilogue(const Problem& problem, IsaLevel isa);
  int64_t reserve(int64_t bytes) {
    const auto at = static_cast<int64_t>(scratch_bytes);
    scratch_bytes += static_cast<size_t>(bytes);
    return at;
  }
  void finish_planes(const RunArgs& args) const noexcept;

  const TileSet& tiles_;
  Conv op_;
  Geometry geometry_;
  Windows windows_;
  Shape weights_;
  bool packed_ = false, per_image_ = false;
  int64_t group_weights_ = 0;  // floats
  std::optional<BoundEpilogue> epilogue_;
  std::optional<BoundEpilogue> planes_;  // what runs on [images * filters, pixels] when data is channels-first
  std::optional<gemm::BlockedGemm> gemm_;
  int64_t zeros_ = 0, packed_at_ = 0, x_at_ = 0, y_at_ = 0, epilogue_at_ = 0, planes_at_ = 0, gemm_at_ = 0;
};

// Where a run's operands are; product: image * groups + group, or group when all images are one.
class BoundConv::Operands final : public gemm::Source {
 public:
  Operands(const BoundConv& bound, const RunArgs& args, const float* x, const float* w, float* y)
      : bound_(bound), args_(args), x_(x), w_(w), y_(y) {}

  Product product(int64_t index) const noexcept override {
    const Geometry& geometry = bound_.geometry_;
    const int64_t group = index % geometry.groups, image = index / geometry.groups;
    const int64_t column = group * geometry.group_filters();
    Product product;
    product.b = w_ + group * bound_.group_weights_;
    product.c = y_ + image * geometry.output_pixels() * geometry.filters + column;
    bound_.epilogue_->fill(args_.inputs, args_.scratch + bound_.epilogue_at_, image, column, product);
    return product;
  }
  void rows(int64_t index, int64_t first, int64_t count, const float** table, float* patches) const noexcept override {
    const Geometry& geometry = bound_.geometry_;
    const int64_t group = index % geometry.groups, image = index / geometry.groups;
    const auto* zeros = reinterpret_cast<const float*>(args_.scratch + bound_.zeros_);
    bound_.windows_.fill(x_ + group * geometry.group_channels(), zeros, image * geometry.output_pixels() + first, count,
                         table, patches);
  }

 private:
  const BoundConv& bound_;
  const RunArgs& args_;
  const float* x_;
  const float* w_;
  float* y_;
};

BoundConv::BoundConv(const TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : tiles_(tiles),
      op_(*problem.op.as<Conv>()),
      geometry_(geometry_of(problem)),
      windows_(geometry_, tiles.rows),
      weights_(kernel_shape(problem)),
      packed_(problem.inputs[1].constant) {
  group_weights_ = packed_weight_floats(tiles, weights_, geometry_.groups) / geometry_.groups;
  zeros_ = reserve(float_bytes(windows_.depth()));
  if (!packed_) packed_at_ = reserve(float_bytes(group_weights_ * geometry_.groups));
  if (!op_.channels_last) {
    x_at_ = reserve(float_bytes(geometry_.images * geometry_.input_pixels() * geometry_.channels));
    y_at_ = reserve(float_bytes(geometry_.images * geometry_.output_pixels() * geometry_.filters));
  }
  bind_epilogue(problem, isa);
  gemm::BlockedSize size;
  size.products = geometry_.groups * (per_image_ ? geometry_.images : 1);
  size.m = geometry_.output_pixels() * (per_image_ ? 1 : geometry_.images);
  size.n = geometry_.group_filters();
  size.taps = windows_.taps();
  size.depth = windows_.depth();
  size.c_stride = geometry_.filters;
  size.row_floats = std::min(size.taps * size.depth, geometry_.group_channels() * geometry_.axes[2].stride * 2);
  size.patch_floats = windows_.patch_floats();
  gemm_.emplace(tiles, size, gemm::StoredB::kPanels, 0, epilogue_->program(), target);
  gemm_at_ = reserve(static_cast<int64_t>(gemm_->scratch_bytes()));
}

// Channels-last: everything on the products' rows. Channels-first: there the bias and a body without operands, the rest
// on planes after the result is brought back.
void BoundConv::bind_epilogue(const Problem& problem, IsaLevel isa) {
  const size_t spatial = weights_.size() - 2;
  const bool planes = !op_.channels_last && problem.inputs.size() > kFirstOperand && !op_.epilogue.empty();
  Shape result = problem.outputs[0].shape;
  if (!op_.channels_last) std::rotate(result.begin() + 1, result.begin() + 2, result.end());
  gemm::RowLayout layout{result, 0, 1};
  if (op_.channels_last) {
    for (size_t input = kFirstOperand; input < problem.inputs.size(); ++input) {
      per_image_ |= !gemm::view_by_rows(problem.inputs[input].shape, layout);
    }
    layout.product_axes = per_image_ ? 1 : 0;
  }
  const std::span<const TileInstruction> body = planes ? std::span<const TileInstruction>() : op_.epilogue;
  epilogue_.emplace(problem, layout, kBias, body, kFirstOperand, isa);
  epilogue_at_ = reserve(static_cast<int64_t>(epilogue_->scratch_bytes()));
  if (!planes) return;
  planes_.emplace(problem, gemm::RowLayout{problem.outputs[0].shape, 1, spatial}, problem.inputs.size(), op_.epilogue,
                  kFirstOperand, isa, false);
  planes_at_ = reserve(static_cast<int64_t>(planes_->scratch_bytes()));
}

void BoundConv::finish_planes(const RunArgs& args) const noexcept {
  const std::byte* scratch = args.scratch + planes_at_;
  const int64_t pixels = geometry_.output_pixels(), filters = geometry_.filters;
  args.parallel.run(geometry_.images * filters, [&](int64_t plane) {
    Product product;
    const int64_t filter = plane % filters;
    planes_->fill(args.inputs, scratch, plane / filters, 0, product);
    for (RowOperand& operand : product.operands) operand.data += filter * operand.row_stride;
    planes_->program()->run({static_cast<float*>(args.outputs[0]) + plane * pixels, pixels, 1, pixels},
                            product.operands.data());
  });
}

void BoundConv::run(const RunArgs& args) const noexcept {
  if (geometry_.images * geometry_.filters * geometry_.output_pixels() == 0) return;
  const auto floats = [&](int64_t at) { return reinterpret_cast<float*>(args.scratch + at); };
  const auto* x = static_cast<const float*>(args.inputs[0]);
  const auto* w = static_cast<const float*>(args.inputs[1]);
  auto* y = static_cast<float*>(args.outputs[0]);
  std::fill_n(floats(zeros_), windows_.depth(), 0.0f);
  if (!packed_) {
    pack_weights(tiles_, w, weights_, geometry_.groups, floats(packed_at_));
    w = floats(packed_at_);
  }
  if (!op_.channels_last) {
    transpose_images(tiles_.transpose, x, geometry_.images, geometry_.channels, geometry_.input_pixels(), floats(x_at_),
                     args.parallel);
    x = floats(x_at_);
    y = floats(y_at_);
  }
  epilogue_->prepare(args.inputs, args.scratch + epilogue_at_);
  gemm_->run(Operands(*this, args, x, w, y), args.scratch + gemm_at_, args.parallel);
  if (op_.channels_last) return;
  transpose_images(tiles_.transpose, y, geometry_.images, geometry_.output_pixels(), geometry_.filters,
                   static_cast<float*>(args.outputs[0]), args.parallel);
  if (!planes_) return;
  planes_->prepare(args.inputs, args.scratch + planes_at_);
  finish_planes(args);
}

}  // namespace

const char* refuse_conv(const Problem& problem) {
  const char* reason = refuse_geometry(problem);
  return reason != nullptr ? reason : gemm::refuse_epilogue(problem.op.as<Conv>()->epilogue, problem, kFirstOperand);
}

std::unique_ptr<BoundKernel> bind_conv(const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                       const Target& target) {
  return std::make_unique<BoundConv>(tiles, isa, problem, target);
}

int64_t packed_weight_floats(const TileSet& tiles, const Shape& shape, int64_t groups) {
  const int64_t depth = element_count(std::span(shape).subspan(1));
  return groups * gemm::packed_floats(tiles, depth, shape[0] / groups);
}

void pack_weights(const TileSet& tiles, const float* weights, const Shape& shape, int64_t groups, float* out) {
  const int64_t taps = element_count(std::span(shape).subspan(2)), depth = shape[1], filters = shape[0] / groups;
  const int64_t packed = packed_weight_floats(tiles, shape, groups) / groups;
  for (int64_t group = 0; group < groups; ++group) {
    gemm::pack_panels(tiles, weights + group * filters * depth * taps, {1, taps, depth * taps}, taps, depth, filters,
                      out + group * packed);
  }
}

}  // namespace ingot::kernels::conv
