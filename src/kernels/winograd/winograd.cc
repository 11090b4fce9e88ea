#include "kernels/winograd/winograd.h"

#include <algorithm>

#include "kernels/conv/bf16_conv.h"
#include "kernels/conv/channels_last.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace winograd {
namespace {

using gemm::TileSet;

const char* refuse_form(const Problem& problem) {
  const Conv& op = *problem.op.as<Conv>();
  const Operand& weights = problem.inputs[1];
  const auto all_ones = [](const std::vector<int64_t>& values) {
    return std::all_of(values.begin(), values.end(), [](int64_t value) { return value == 1; });
  };
  if (!weights.constant) return "weights are not constant";
  if (weights.shape.size() != 4 || weights.shape[2] != 3 || weights.shape[3] != 3) return "kernel is not 3x3";
  if (weights.shape[1] == 0) return "no channels";
  if (op.group != 1) return "groups";
  if (!all_ones(op.strides)) return "strides";
  if (!all_ones(op.dilations)) return "dilations";
  return nullptr;
}

const char* refuse(const Problem& problem) {
  if (const char* reason = conv::refuse_convolution(problem)) return reason;
  return refuse_form(problem);
}

const char* refuse_bf16(const Problem& problem) {
  if (const char* reason = conv::refuse_bf16_conv(problem)) return reason;
  return refuse_form(problem);
}

// `transforms_factor` times the stated costs of the transforms.
template <const TransformSet& transforms, const TileSet& tiles>
double cost_of(const Problem& problem, const Target& target, double transforms_factor) {
  const conv::Geometry geometry = conv::typical_geometry(problem);
  const auto per_axis = [](int64_t size) { return (size + transforms.outputs - 1) / transforms.outputs; };
  const int64_t count = geometry.images * per_axis(geometry.axes[1].output) * per_axis(geometry.axes[2].output);
  const auto vectors = [](int64_t size) {
    const int64_t count = (size + transforms.vector - 1) / transforms.vector;
    return static_cast<double>(count);
  };
  const auto points = static_cast<double>(transforms.points());
  const auto depth = static_cast<double>(geometry.channels), filters = static_cast<double>(geometry.filters);
  double nanoseconds = gemm::tiles_cost(tiles, points, count, geometry.filters, depth, target);
  nanoseconds +=
      transforms_factor * static_cast<double>(count) *
      (vectors(geometry.channels) * transforms.input_cost + vectors(geometry.filters) * transforms.output_cost);
  // Weights are larger than the kernel's own; where L2 holds little else, reading what is more than those counts.
  const double own_bytes = 9 * static_cast<double>(dtype_bits(problem.inputs[1].dtype) / 8);
  const double more_bytes = (points * sizeof(float) - own_bytes) * depth * filters;
  if (more_bytes > static_cast<double>(target.l2_bytes) / 2) nanoseconds += more_bytes / 12;
  if (!problem.op.as<Conv>()->channels_last) {
    nanoseconds += 0.5 * static_cast<double>(geometry.images * (geometry.channels * geometry.input_pixels() +
                                                                geometry.filters * geometry.output_pixels()));
  }
  return gemm::shared_cost(nanoseconds, points * static_cast<double>(count) * depth * filters, target);
}

template <const TransformSet& transforms, const TileSet& tiles>
double cost(const Problem& problem, const Target& target) {
  return cost_of<transforms, tiles>(problem, target, 1);
}

// Beside direct products of bf16 the transforms weigh more: measured on Zen 4, 16 to 128 channels.
template <const TransformSet& transforms, const TileSet& tiles>
double bf16_cost(const Problem& problem, const Target& target) {
  constexpr double kTransforms = 5.5;
  return cost_of<transforms, tiles>(problem, target, kTransforms);
}

template <const TransformSet& transforms, const TileSet& tiles> const char* packing(const Problem&, size_t input) {
  if (input != 1) return nullptr;
  static const std::string name = "winograd" + std::to_string(transforms.outputs) + "_" + tiles.packing;
  return name.c_str();
}

template <const TransformSet& transforms, const TileSet& tiles>
Tensor pack(const Problem&, size_t, const Tensor& weights) {
  const int64_t filters = weights.shape()[0], channels = weights.shape()[1];
  const int64_t floats = packed_weight_floats(transforms, tiles, filters, channels);
  std::vector<float> wide;
  if (weights.dtype() == DType::kBF16) wide.assign(weights.data<BF16>(), weights.data<BF16>() + weights.count());
  Tensor packed = Tensor::uninitialized(DType::kU8, {floats * static_cast<int64_t>(sizeof(float))});
  pack_weights(transforms, tiles, wide.empty() ? weights.data<float>() : wide.data(), filters, channels,
               static_cast<float*>(packed.mutable_raw()));
  return packed;
}

template <const TransformSet& transforms, const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse(problem)) fail(Code::kInvalidArgument, "winograd: {}", reason);
  return bind_winograd(transforms, tiles, isa, problem, target);
}

template <const TransformSet& transforms, const TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name,
          isa,
          refuse,
          cost<transforms, tiles>,
          bind<transforms, tiles, isa>,
          packing<transforms, tiles>,
          pack<transforms, tiles>};
}

template <const TransformSet& transforms, const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind_bf16(const Problem& problem, const Target& target) {
  if (const char* reason = refuse_bf16(problem)) fail(Code::kInvalidArgument, "winograd: {}", reason);
  return bind_bf16_winograd(transforms, tiles, isa, problem, target);
}

template <const TransformSet& transforms, const TileSet& tiles, IsaLevel isa> constexpr Row bf16_row(const char* name) {
  Row row = winograd::row<transforms, tiles, isa>(name);
  row.refuse = refuse_bf16;
  row.cost = bf16_cost<transforms, tiles>;
  row.bind = bind_bf16<transforms, tiles, isa>;
  return row;
}

constexpr Row kRows[] = {
    bf16_row<kAvx512Winograd4, gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_winograd_bf16_4x4"),
    bf16_row<kAvx512Winograd2, gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_winograd_bf16_2x2"),
    bf16_row<kAvx2Winograd4, gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_winograd_bf16_4x4"),
    bf16_row<kAvx2Winograd2, gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_winograd_bf16_2x2"),
    row<kAvx512Winograd4, gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_winograd_f32_4x4"),
    row<kAvx512Winograd2, gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_winograd_f32_2x2"),
    row<kAvx2Winograd4, gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_winograd_f32_4x4"),
    row<kAvx2Winograd2, gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_winograd_f32_2x2"),
    row<kAvx2Winograd4, gemm::kAvx2_4x24, IsaLevel::kAvx2>("avx2_winograd_f32_4x4x24"),
    row<kAvx2Winograd2, gemm::kAvx2_4x24, IsaLevel::kAvx2>("avx2_winograd_f32_2x2x24"),
};

constexpr const OpDef* kOps[] = {&Conv::def};

std::string text(const Problem& problem) {
  const bool bias = has_input(problem, 2);
  return "winograd " + conv::geometry_text(problem) + (bias ? " +bias" : "") +
         gemm::epilogue_text(problem.op.as<Conv>()->epilogue);
}

}  // namespace
}  // namespace winograd

const Family kWinogradFamily = {"winograd", "3x3 convolution by minimal filtering", winograd::kOps, winograd::kRows,
                                winograd::text};

}  // namespace ingot::kernels
