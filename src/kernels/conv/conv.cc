#include "kernels/conv/conv.h"

#include "kernels/conv/bf16_conv.h"
#include "kernels/conv/channels_last.h"
#include "kernels/conv/windows.h"
#include "kernels/families.h"
#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/gemm/bf16_matmul.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace conv {
namespace {

using gemm::TileSet;

template <const TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  const Geometry geometry = typical_geometry(problem);
  const auto pixels = geometry.output_pixels() * geometry.images;
  const auto taps = static_cast<double>(geometry.kernel());
  const double depth = taps * static_cast<double>(geometry.group_channels());
  const auto groups = static_cast<double>(geometry.groups);
  double nanoseconds = gemm::tiles_cost(tiles, groups, pixels, geometry.group_filters(), depth, target);
  nanoseconds += groups * static_cast<double>(pixels) * taps * 0.7;  // pointers
  if (!problem.op.as<Conv>()->channels_last) {
    nanoseconds +=
        0.5 * static_cast<double>(geometry.images) *
        static_cast<double>(geometry.channels * geometry.input_pixels() + geometry.filters * geometry.output_pixels());
  }
  return gemm::shared_cost(nanoseconds, static_cast<double>(pixels * geometry.filters) * depth, target);
}

template <const TileSet& tiles> const char* packing(const Problem& problem, size_t input) {
  return input == 1 && problem.inputs[1].constant ? tiles.packing : nullptr;
}

template <const TileSet& tiles> Tensor pack(const Problem& problem, size_t, const Tensor& weights) {
  return packed_weights(tiles, weights, problem.op.as<Conv>()->group);
}

template <const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_conv(tiles, isa, problem, target);
}

template <const TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse_convolution, cost<tiles>, bind<tiles, isa>, packing<tiles>, pack<tiles>};
}

template <const gemm::Bf16TileSet& tiles> double bf16_cost(const Problem& problem, const Target& target) {
  constexpr double kPermuting = 1.3;  // of groups narrower than a vector: their elements are spread over the lanes
  const Geometry geometry = typical_geometry(problem);
  const Windows windows(geometry, tiles.shape.rows);
  const int64_t pixels = geometry.output_pixels() * geometry.images, taps = windows.taps();
  const auto groups = static_cast<double>(tiles.groups ? 1 : geometry.groups);
  const int64_t filters = tiles.groups ? geometry.filters : geometry.group_filters();
  double nanoseconds = gemm::bf16_tiles_cost(tiles, groups, pixels, filters, taps, windows.depth(), target);
  if (tiles.groups && windows.depth() < tiles.shape.vector) nanoseconds *= kPermuting;
  nanoseconds += groups * static_cast<double>(pixels * taps) * 0.7;  // pointers
  const double depth = static_cast<double>(taps * windows.depth());
  return gemm::shared_cost(nanoseconds, static_cast<double>(pixels * geometry.filters) * depth, target);
}

template <const gemm::Bf16TileSet& tiles> Tensor bf16_pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_bf16_conv(tiles, problem, weights);
}

template <const gemm::Bf16TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bf16_bind(const Problem& problem, const Target& target) {
  return bind_bf16_conv(tiles, isa, problem, target);
}

template <IsaLevel isa> const char* refuse_bf16(const Problem& problem) {
  if (const char* reason = refuse_bf16_conv(problem)) return reason;
  return gemm::refuse_bf16_program(problem.op.as<Conv>()->epilogue, isa);
}

template <const gemm::Bf16TileSet& tiles, IsaLevel isa> constexpr Row bf16_row(const char* name) {
  return gemm::bf16_product_row<tiles>(name, isa, refuse_bf16<isa>, bf16_cost<tiles>, bf16_bind<tiles, isa>,
                                       bf16_pack<tiles>);
}

constexpr Row group_row(const char* name) {
  Row row = bf16_row<gemm::kAvx512GroupsBf16_12x16, IsaLevel::kAvx512Bf16>(name);
  row.refuse = refuse_bf16_group_conv;
  return row;
}

constexpr Row kRows[] = {
    group_row("avx512bf16_conv_groups_bf16_12x16"),
    bf16_row<gemm::kAmxBf16_32x32, IsaLevel::kAmx>("amx_conv_bf16_32x32"),
    bf16_row<gemm::kAvx512Bf16_6x64, IsaLevel::kAvx512Bf16>("avx512bf16_conv_bf16_6x64"),
    bf16_row<gemm::kAvx512Bf16_8x48, IsaLevel::kAvx512Bf16>("avx512bf16_conv_bf16_8x48"),
    bf16_row<gemm::kAvx512WideBf16_6x64, IsaLevel::kAvx512>("avx512_conv_bf16_6x64"),
    bf16_row<gemm::kAvx512WideBf16_8x48, IsaLevel::kAvx512>("avx512_conv_bf16_8x48"),
    bf16_row<gemm::kAvx2Bf16_4x16, IsaLevel::kAvx2>("avx2_conv_bf16_4x16"),
    bf16_row<gemm::kReferenceBf16_32x32, IsaLevel::kReference>("reference_conv_bf16_32x32"),
    row<gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_conv_f32_6x64"),
    row<gemm::kAvx512_8x48, IsaLevel::kAvx512>("avx512_conv_f32_8x48"),
    row<gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_conv_f32_6x16"),
    row<gemm::kAvx2_4x24, IsaLevel::kAvx2>("avx2_conv_f32_4x24"),
    row<gemm::kReference4x8, IsaLevel::kReference>("reference_conv_f32_4x8"),
};

constexpr const OpDef* kOps[] = {&Conv::def};

std::string text(const Problem& problem) {
  const bool bias = has_input(problem, 2);
  return "conv " + geometry_text(problem) + (bias ? " +bias" : "") +
         gemm::epilogue_text(problem.op.as<Conv>()->epilogue);
}

}  // namespace
}  // namespace conv

const Family kConvFamily = {"conv", "convolution", conv::kOps, conv::kRows, conv::text};

}  // namespace ingot::kernels
