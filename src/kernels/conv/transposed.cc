#include "kernels/conv/transposed.h"

#include <algorithm>

#include "kernels/families.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace conv {
namespace {

using gemm::TileSet;

constexpr int64_t kMostPhases = 1024;

int64_t field_or_one(const std::vector<int64_t>& values, size_t axis) { return values.empty() ? 1 : values[axis]; }

// Calls body(kernel positions, flattened) for every phase in the order of packing.
template <class Body> void for_each_phase(const ConvTranspose& op, const Shape& w, Body&& body) {
  std::array<std::vector<std::vector<int64_t>>, 3> axes;
  axes.fill({{0}});
  const size_t spatial = w.size() - 2, missing = 3 - spatial;
  std::array<int64_t, 3> kernel = {1, 1, 1};
  for (size_t i = 0; i < spatial; ++i) {
    kernel[missing + i] = w[2 + i];
    axes[missing + i].clear();
    for (int64_t r = 0; r < field_or_one(op.strides, i); ++r) {
      axes[missing + i].push_back(
          phase_positions(w[2 + i], field_or_one(op.strides, i), field_or_one(op.dilations, i), r));
    }
  }
  for (const auto& depth : axes[0]) {
    for (const auto& height : axes[1]) {
      for (const auto& width : axes[2]) {
        std::vector<int64_t> positions;
        for (const int64_t d : depth) {
          for (const int64_t h : height) {
            for (const int64_t k : width) positions.push_back((d * kernel[1] + h) * kernel[2] + k);
          }
        }
        body(positions);
      }
    }
  }
}

template <const TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  return transposed_cost(tiles, problem, target);
}

template <const TileSet& tiles> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_transposed(tiles, problem, target);
}

template <const TileSet& tiles> const char* packing(const Problem&, size_t input) {
  return input == 1 ? tiles.packing : nullptr;
}

template <const TileSet& tiles> Tensor pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_transposed(tiles, *problem.op.as<ConvTranspose>(), weights);
}

template <const TileSet& tiles> constexpr Row row(const char* name, IsaLevel isa) {
  return {name, isa, refuse_transposed, cost<tiles>, bind<tiles>, packing<tiles>, pack<tiles>};
}

constexpr Row kRows[] = {
    row<gemm::kAvx512_6x64>("avx512_conv_transpose_f32_6x64", IsaLevel::kAvx512),
    row<gemm::kAvx512_8x48>("avx512_conv_transpose_f32_8x48", IsaLevel::kAvx512),
    row<gemm::kAvx2_6x16>("avx2_conv_transpose_f32_6x16", IsaLevel::kAvx2),
    row<gemm::kAvx2_4x24>("avx2_conv_transpose_f32_4x24", IsaLevel::kAvx2),
    row<gemm::kReference4x8>("reference_conv_transpose_f32_4x8", IsaLevel::kReference),
};

constexpr const OpDef* kOps[] = {&ConvTranspose::def};

std::string text(const Problem& problem) {
  const auto& op = *problem.op.as<ConvTranspose>();
  const auto sizes = [](std::span<const int64_t> shape) {
    std::string text;
    for (const int64_t size : shape) text += (text.empty() ? "" : "x") + (size < 0 ? "?" : std::to_string(size));
    return text;
  };
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape;
  std::string text = "conv_transpose " + sizes(x) + " w" + sizes(w);
  for (const auto& [name, values] : {std::pair{" s", &op.strides}, {" d", &op.dilations}, {" p", &op.pads}}) {
    if (!values->empty()) text += name + sizes(*values);
  }
  if (op.group != 1) text += " g" + std::to_string(op.group);
  return text + (op.channels_last ? " nhwc" : " nchw");
}

}  // namespace

std::vector<int64_t> phase_positions(int64_t kernel, int64_t stride, int64_t dilation, int64_t remainder) {
  std::vector<int64_t> positions;
  for (int64_t k = 0; k < kernel; ++k) {
    if ((k * dilation - remainder) % stride == 0) positions.push_back(k);
  }
  return positions;
}

const char* refuse_transposed(const Problem& problem) {
  const auto& op = *problem.op.as<ConvTranspose>();
  const size_t rank = problem.inputs[0].shape.size();
  for (const auto& input : problem.inputs) {
    if (input.present() && input.dtype != DType::kF32) return "an input is not f32";
  }
  if (problem.inputs.size() < 2 || !problem.inputs[1].constant) return "the weights are not constant";
  if (rank < 3 || rank > 5 || problem.inputs[1].shape.size() != rank) return "there are not one to three spatial axes";
  if (problem.inputs[1].shape[0] == 0) return "no channels";
  int64_t phases = 1;
  for (const int64_t stride : op.strides) {
    if (stride < 1 || stride > kMostPhases) return "a stride is too large";
    phases *= stride;
  }
  if (phases > kMostPhases) return "the strides are too large";
  return op.group < 1 ? "there are no groups" : nullptr;
}

double transposed_cost(const TileSet& tiles, const Problem& problem, const Target& target) {
  const auto& op = *problem.op.as<ConvTranspose>();
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape;
  int64_t pixels = 1, lines = 1, taps = 1, phases = 1;
  for (size_t i = 0; i + 2 < x.size(); ++i) {
    const int64_t size = x[i + (op.channels_last ? 1 : 2)] < 0 ? 56 : x[i + (op.channels_last ? 1 : 2)];
    pixels *= size;
    if (i + 3 < x.size()) lines *= size;
    taps *= w[2 + i];
    phases *= field_or_one(op.strides, i);
  }
  const int64_t images = std::max<int64_t>(1, x[0]);
  const double depth = static_cast<double>(w[0]) * static_cast<double>(taps) / static_cast<double>(op.group) /
                       static_cast<double>(phases);
  const double products = static_cast<double>(images * lines * phases * op.group);
  double nanoseconds = gemm::tiles_cost(tiles, products, pixels / std::max<int64_t>(1, lines), w[1], depth, target);
  if (!op.channels_last) nanoseconds += 0.5 * static_cast<double>(images * pixels * (w[0] + phases * w[1] * op.group));
  return gemm::shared_cost(nanoseconds, static_cast<double>(pixels * w[1]) * depth * products, target);
}

Tensor pack_transposed(const TileSet& tiles, const ConvTranspose& op, const Tensor& weights) {
  const Shape& shape = weights.shape();
  const int64_t channels = shape[0] / op.group, filters = shape[1];
  const int64_t kernel = element_count(std::span(shape).subspan(2));
  std::vector<float> packed;
  for_each_phase(op, shape, [&](const std::vector<int64_t>& positions) {
    const auto taps = static_cast<int64_t>(positions.size());
    for (int64_t group = 0; group < op.group; ++group) {
      std::vector<float> gathered;
      for (const int64_t position : positions) {
        for (int64_t i = group * channels * filters; i < (group + 1) * channels * filters; ++i) {
          gathered.push_back(weights.data<float>()[i * kernel + position]);
        }
      }
      const size_t at = packed.size();
      packed.resize(at + static_cast<size_t>(gemm::packed_floats(tiles, taps * channels, filters)));
      gemm::pack_panels(tiles, gathered.data(), {channels * filters, filters, 1}, taps, channels, filters,
                        packed.data() + at);
    }
  });
  Tensor bytes = Tensor::uninitialized(DType::kU8, {static_cast<int64_t>(packed.size() * sizeof(float))});
  std::copy(packed.begin(), packed.end(), static_cast<float*>(bytes.mutable_raw()));
  return bytes;
}

}  // namespace conv

const Family kConvTransposeFamily = {"conv_transpose", "transposed convolution", conv::kOps, conv::kRows, conv::text};

}  // namespace ingot::kernels
