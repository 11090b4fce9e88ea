// A Winograd convolution with sizes fixed: rounds of three parallel phases.
#include <algorithm>
#include <limits>

#include "kernels/conv/channels_last.h"
#include "kernels/winograd/winograd.h"

namespace ingot::kernels::winograd {
namespace {

using gemm::Product;
using gemm::TileSet;

constexpr int kMaxPoints = 36, kMaxOutputs = 16, kMaxRows = 16;
constexpr int64_t kDepth = 256;      // of one pass over a panel, so that it stays in cache
constexpr int64_t kPad = 16;         // floats after every row: strides of powers of two would share cache sets
constexpr int64_t kLeastTiles = 24;  // of a round: fewer would read the weights too often

class BoundWinograd final : public conv::BoundChannelsLast {
 public:
  BoundWinograd(const TransformSet& transforms, const TileSet& tiles, IsaLevel isa, const Problem& problem,
                const Target& target)
      : BoundChannelsLast(problem, isa, tiles.transpose, 0, problem.inputs[1].shape[1]),
        transforms_(transforms),
        tiles_(tiles),
        down_(per_axis(geometry().axes[1].output)),
        across_(per_axis(geometry().axes[2].output)),
        count_(geometry().images * down_ * across_),
        v_stride_(round_up(geometry().channels, 16) + kPad),
        m_stride_(round_up(geometry().filters, 16) + kPad),
        point_weights_(gemm::packed_floats(tiles, geometry().channels, geometry().filters)) {
    const int64_t tile_bytes = transforms.points() * (v_stride_ + m_stride_) * static_cast<int64_t>(sizeof(float));
    const int64_t fit = target.l2_bytes * 3 / 4 * target.threads / tile_bytes;
    round_ = std::min(count_, round_up(std::max(fit, kLeastTiles), tiles.rows));
    own_scratch(static_cast<size_t>(round_ * tile_bytes));
  }

 private:
  int64_t per_axis(int64_t size) const { return (size + transforms_.outputs - 1) / transforms_.outputs; }
  void pack(const float*, float*) const noexcept override {}  // weights are constants
  void convolve(const Run& run) const noexcept override;

  struct Place {
    int64_t image, row, column;  // of the first output
  };
  Place place(int64_t tile) const noexcept {
    return {tile / (down_ * across_), tile / across_ % down_ * transforms_.outputs,
            tile % across_ * transforms_.outputs};
  }
  void transform_input(const Run& run, int64_t tile, float* v) const noexcept;
  void multiply(const Run& run, const float* v, float* m, int64_t point, int64_t panel, int64_t count) const noexcept;
  void transform_output(const Run& run, int64_t tile, const float* m) const noexcept;

  const TransformSet& transforms_;
  const TileSet& tiles_;
  int64_t down_, across_, count_, round_ = 0;
  int64_t v_stride_, m_stride_;  // floats from tile to tile; points are round_ tiles apart
  int64_t point_weights_;
};

void BoundWinograd::transform_input(const Run& run, int64_t tile, float* v) const noexcept {
  const conv::Geometry& sizes = geometry();
  const auto& height = sizes.axes[1];
  const auto& width = sizes.axes[2];
  const Place at = place(tile);
  const int64_t top = at.row - height.pad_begin, left = at.column - width.pad_begin;
  const int size = transforms_.outputs + 2;
  const float* pixels[kMaxPoints];
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      const int64_t y = top + i, x = left + j;
      const bool inside = y >= 0 && y < height.size && x >= 0 && x < width.size;
      pixels[i * size + j] =
          inside ? run.x + ((at.image * height.size + y) * width.size + x) * sizes.channels : run.zeros;
    }
  }
  transforms_.input(pixels, sizes.channels, v, round_ * v_stride_);
}

// The sums of one point and panel for `count` tiles.
void BoundWinograd::multiply(const Run& run, const float* v, float* m, int64_t point, int64_t panel,
                             int64_t count) const noexcept {
  const int64_t channels = geometry().channels, filters = geometry().filters;
  const int64_t width = gemm::panel_width(tiles_, filters, panel), column = panel * tiles_.columns();
  const int64_t no_offset = 0;
  const float* rows[kMaxRows];
  gemm::TileArgs args;
  args.a = rows;
  args.a_rows = tiles_.rows;
  args.b_offsets = &no_offset;
  args.b_step = width;
  args.taps = 1;
  args.c_stride = m_stride_;
  args.columns = std::min<int64_t>(tiles_.columns(), filters - column);
  for (int64_t first = 0; first < channels; first += kDepth) {
    args.a_offset = first;
    args.depth = std::min(kDepth, channels - first);
    args.b = run.w + point * point_weights_ + column * channels + first * width;
    args.accumulate = first > 0;
    // What comes after this block: the rest of the panel, the next one, or the next point.
    const bool last =
        first + args.depth == channels && point + 1 == transforms_.points() && column + tiles_.columns() >= filters;
    const int64_t share = width * args.depth * static_cast<int64_t>(sizeof(float)) / ((count - 1) / tiles_.rows + 1);
    args.next = last ? nullptr : reinterpret_cast<const char*>(args.b + width * args.depth);
    args.next_step = (share - 1) / args.depth + 1;
    for (int64_t tile = 0; tile < count; tile += tiles_.rows) {
      const int64_t height = std::min<int64_t>(tiles_.rows, count - tile);
      for (int64_t r = 0; r < height; ++r) rows[r] = v + (point * round_ + tile + r) * v_stride_;
      args.c = m + (point * round_ + tile) * m_stride_ + column;
      tiles_.tile(height, width / tiles_.vector)(args);
      if (args.next != nullptr) args.next += share;
    }
  }
}

void BoundWinograd::transform_output(const Run& run, int64_t tile, const float* m) const noexcept {
  const conv::Geometry& sizes = geometry();
  const Place at = place(tile);
  const int outputs = transforms_.outputs;
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
  transforms_.output({m, round_ * m_stride_, sizes.filters, pixels, finish.bias,
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
  const int64_t points = transforms_.points(), panels = gemm::panel_count(tiles_, geometry().filters);
  float* const v = reinterpret_cast<float*>(run.scratch);
  float* const m = v + points * round_ * v_stride_;
  for (int64_t first = 0; first < count_; first += round_) {
    const int64_t count = std::min(round_, count_ - first);
    run.args.parallel.run(count, [&](int64_t i) { transform_input(run, first + i, v + i * v_stride_); });
    run.args.parallel.run(points * panels,
                          [&](int64_t unit) { multiply(run, v, m, unit / panels, unit % panels, count); });
    run.args.parallel.run(count, [&](int64_t i) { transform_output(run, first + i, m + i * m_stride_); });
  }
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
