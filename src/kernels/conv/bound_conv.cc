// A convolution with sizes fixed: a source of rows for the blocked loops.
#include <algorithm>

#include "kernels/conv/channels_last.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/windows.h"

namespace ingot::kernels::conv {
namespace {

using gemm::Product;
using gemm::TileSet;

// Every group reads its part of them.
int64_t zeros_of(const Geometry& geometry, int64_t table_rows) {
  return std::max(geometry.channels, Windows(geometry, table_rows).depth());
}

class BoundConv final : public BoundChannelsLast {
 public:
  BoundConv(const TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
      : BoundChannelsLast(problem, isa, tiles.transpose,
                          packed_weight_floats(tiles, problem.inputs[1].shape, problem.op.as<Conv>()->group),
                          zeros_of(geometry_of(problem), tiles.rows)),
        tiles_(tiles),
        windows_(geometry(), tiles.rows),
        group_weights_(packed_weight_floats(tiles, weights(), geometry().groups) / geometry().groups) {
    gemm_.emplace(tiles, blocked_size(), gemm::StoredB::kPanels, 0, program(), target);
    own_scratch(gemm_->scratch_bytes());
  }

 private:
  class Operands;
  gemm::BlockedSize blocked_size() const;
  void pack(const float* weights, float* out) const noexcept override {
    pack_weights(tiles_, weights, this->weights(), geometry().groups, out);
  }
  void convolve(const Run& run) const noexcept override;

  const TileSet& tiles_;
  Windows windows_;
  int64_t group_weights_;  // floats
  std::optional<gemm::BlockedGemm> gemm_;
};

gemm::BlockedSize BoundConv::blocked_size() const {
  const Geometry& sizes = geometry();
  gemm::BlockedSize size;
  const bool shared = sizes.groups > 1 && !per_image();  // one table of rows for all groups
  size.products = shared ? 1 : sizes.groups * (per_image() ? sizes.images : 1);
  size.m = sizes.output_pixels() * (per_image() ? 1 : sizes.images);
  size.n = sizes.group_filters();
  size.taps = windows_.taps();
  size.depth = windows_.depth();
  size.c_stride = sizes.filters;
  const int64_t read = shared ? sizes.channels : sizes.group_channels();
  size.row_floats = std::min(size.taps * read, read * sizes.axes[2].stride * 2);
  if (shared) {
    size.segments.assign(static_cast<size_t>(sizes.groups), {size.n, sizes.filters, program()});
    size.segment_step = sizes.group_channels();
  }
  size.patch_floats = windows_.patch_elements();
  return size;
}

// Where a run's operands are; product: image * groups + group, or group (a segment) when all images are one.
class BoundConv::Operands final : public gemm::Source {
 public:
  Operands(const BoundConv& bound, const Run& run) : bound_(bound), run_(run) {}

  Product product(int64_t index) const noexcept override {
    const Geometry& sizes = bound_.geometry();
    const int64_t group = index % sizes.groups, image = index / sizes.groups;
    const int64_t column = group * sizes.group_filters();
    Product product;
    product.b = run_.w + group * bound_.group_weights_;
    product.zeros = run_.zeros;
    product.c = run_.y + image * sizes.output_pixels() * sizes.filters + column;
    bound_.fill_epilogue(run_, image, column, product);
    return product;
  }
  void rows(int64_t index, int64_t first, int64_t count, const float** table, float* patches) const noexcept override {
    const Geometry& sizes = bound_.geometry();
    const int64_t group = index % sizes.groups, image = index / sizes.groups;
    bound_.windows_.fill(run_.x + group * sizes.group_channels(), run_.zeros, image * sizes.output_pixels() + first,
                         count, table, patches);
  }

 private:
  const BoundConv& bound_;
  const Run& run_;
};

void BoundConv::convolve(const Run& run) const noexcept {
  gemm_->run(Operands(*this, run), run.scratch, run.args.parallel);
}

}  // namespace

std::unique_ptr<BoundKernel> bind_conv(const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                       const Target& target) {
  if (const char* reason = refuse_convolution(problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
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

Tensor packed_weights(const TileSet& tiles, const Tensor& weights, int64_t groups) {
  const int64_t floats = packed_weight_floats(tiles, weights.shape(), groups);
  Tensor packed = Tensor::uninitialized(DType::kU8, {floats * static_cast<int64_t>(sizeof(float))});
  pack_weights(tiles, weights.data<float>(), weights.shape(), groups, static_cast<float*>(packed.mutable_raw()));
  return packed;
}

}  // namespace ingot::kernels::conv
