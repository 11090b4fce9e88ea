// A Winograd convolution of f32 with sizes fixed.
#include <algorithm>

#include "kernels/conv/channels_last.h"
#include "kernels/winograd/rounds.h"
#include "kernels/winograd/winograd.h"

namespace ingot::kernels::winograd {
namespace {

using gemm::Product;
using gemm::TileSet;

class BoundWinograd final : public conv::BoundChannelsLast {
 public:
  BoundWinograd(const TransformSet& transforms, const TileSet& tiles, IsaLevel isa, const Problem& problem,
                const Target& target)
      : BoundChannelsLast(problem, isa, tiles.transpose, 0, problem.inputs[1].shape[1]),
        rounds_(transforms, tiles, geometry(), target) {
    own_scratch(static_cast<size_t>(rounds_.scratch_bytes()));
  }

 private:
  void pack(const float*, float*) const noexcept override {}  // weights are constants
  void convolve(const Run& run) const noexcept override;
  void finish(const Run& run, const Rounds::Place& at, const float* m, int64_t stride) const noexcept;

  Rounds rounds_;
};

void BoundWinograd::finish(const Run& run, const Rounds::Place& at, const float* m, int64_t stride) const noexcept {
  const conv::Geometry& sizes = geometry();
  const int outputs = rounds_.transforms().outputs;
  const int64_t height = sizes.axes[1].output, width = sizes.axes[2].output;
  Product product;
  fill_epilogue(run, per_image() ? at.image : 0, 0, product);
  const gemm::TileFinish& finish = product.finish;
  float* pixels[kMaxOutputs];
  const float* addends[kMaxOutputs];
  // Rows of the epilogue count pixels, of one image or of all.
  const int64_t image_row = (per_image() ? 0 : at.image) * height * width;
  for (int i = 0; i < outputs; ++i) {
    for (int j = 0; j < outputs; ++j) {
      const bool inside = at.row + i < height && at.column + j < width;
      const int64_t pixel = (at.row + i) * width + at.column + j;
      pixels[i * outputs + j] = inside ? run.y + (at.image * height * width + pixel) * sizes.filters : nullptr;
      addends[i * outputs + j] =
          inside && finish.addend != nullptr ? finish.addend + (image_row + pixel) * finish.addend_stride : nullptr;
    }
  }
  rounds_.transforms().output({m, stride, sizes.filters, pixels, finish.bias,
                               finish.addend != nullptr ? addends : nullptr, finish.low, finish.high});
  if (program() == nullptr) return;
  const int64_t columns = std::min<int64_t>(outputs, width - at.column);
  for (int i = 0; i < outputs && at.row + i < height; ++i) {
    auto operands = product.operands;
    const int64_t row = image_row + (at.row + i) * width + at.column;
    for (RowOperand& operand : operands) operand.data += row * operand.row_stride;
    program()->run({pixels[i * outputs], sizes.filters, columns, sizes.filters}, operands.data());
  }
}

void BoundWinograd::convolve(const Run& run) const noexcept {
  const auto transform = [&](int64_t tile, float* v, int64_t stride) {
    const float* pixels[kMaxPoints];
    rounds_.inputs(rounds_.place(tile), geometry(), run.x, run.zeros, pixels);
    rounds_.transforms().input(pixels, geometry().channels, v, stride);
  };
  rounds_.run(run.args.parallel, run.w, run.scratch, transform,
              [&](int64_t tile, const float* m, int64_t stride) { finish(run, rounds_.place(tile), m, stride); });
}

}  // namespace

std::unique_ptr<BoundKernel> bind_winograd(const TransformSet& transforms, const TileSet& tiles, IsaLevel isa,
                                           const Problem& problem, const Target& target) {
  return std::make_unique<BoundWinograd>(transforms, tiles, isa, problem, target);
}

int64_t packed_weight_floats(const TransformSet& transforms, const TileSet& tiles, int64_t filters, int64_t channels) {
  return transforms.points() * gemm::packed_floats(tiles, channels, filters);
}

void pack_weights(const TransformSet& transforms, const TileSet& tiles, const float* weights, int64_t filters,
                  int64_t channels, float* out) {
  const int64_t points = transforms.points(), point_floats = gemm::packed_floats(tiles, channels, filters);
  std::vector<float> kernel(static_cast<size_t>(points)), plain(static_cast<size_t>(points * filters * channels));
  for (int64_t pair = 0; pair < filters * channels; ++pair) {
    transform_kernel(transforms.outputs, weights + pair * 9, kernel.data());
    for (int64_t p = 0; p < points; ++p)
      plain[static_cast<size_t>(p * filters * channels + pair)] = kernel[static_cast<size_t>(p)];
  }
  for (int64_t p = 0; p < points; ++p) {
    gemm::pack_panels(tiles, plain.data() + p * filters * channels, {0, 1, channels}, 1, channels, filters,
                      out + p * point_floats);
  }
}

}  // namespace ingot::kernels::winograd
