// Bilinear sampling of images at the positions of a grid, ops/grid_sample. Inputs: 0 x [n, c, h, w], 1 grid
// [n, out..., 2]; both f32.
#include <algorithm>

#include "kernels/families.h"
#include "kernels/sample/roi_align.h"
#include "ops/grid_sample.h"
#include "ops/roi.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskPositions = 512;

// The neighbours of a coordinate along one axis and the weight of the second; positions outside the image read zero.
struct Neighbours {
  int64_t low;
  float fraction;
};

Neighbours neighbours(float coordinate, int64_t size, const GridSample& sample) {
  const auto length = static_cast<float>(size);
  if (coordinate != coordinate) coordinate = -1;
  float x = sample.align_corners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2;
  if (sample.padding == SamplePadding::kBorder) x = std::clamp(x, 0.0f, length - 1);
  x = std::clamp(x, -8.0f, length + 8);  // farther out everything reads the same
  auto low = static_cast<int64_t>(x);
  low -= x < static_cast<float>(low) ? 1 : 0;
  return {low, x - static_cast<float>(low)};
}

class SampleKernel final : public BoundKernel {
 public:
  explicit SampleKernel(const Problem& problem) : sample_(*problem.op.as<GridSample>()) {
    const Shape &x = problem.inputs[0].shape, &grid = problem.inputs[1].shape;
    if (grid.size() != x.size() || grid[0] != x[0] || grid.back() != 2) {
      fail(Code::kInvalidArgument, "grid_sample of {} at {}", shape_text(x), shape_text(grid));
    }
    channels_ = x[1];
    height_ = x[2];
    width_ = x[3];
    positions_ = grid[1] * grid[2];
    total_ = x[0] * positions_;
  }

  void run(const RunArgs& args) const noexcept override {
    const auto* x = static_cast<const float*>(args.inputs[0]);
    const auto* grid = static_cast<const float*>(args.inputs[1]);
    auto* y = static_cast<float*>(args.outputs[0]);
    args.parallel.run((total_ + kTaskPositions - 1) / kTaskPositions, [&](int64_t task) {
      const int64_t end = std::min(total_, (task + 1) * kTaskPositions);
      for (int64_t i = task * kTaskPositions; i < end; ++i) {
        const int64_t image = i / positions_ * channels_;
        position(x + image * height_ * width_, grid + 2 * i, y + image * positions_ + i % positions_);
      }
    });
  }

 private:
  // All channels of one position.
  void position(const float* x, const float* at, float* y) const noexcept {
    if (height_ == 0 || width_ == 0) {
      for (int64_t c = 0; c < channels_; ++c) y[c * positions_] = 0;
      return;
    }
    const Neighbours column = neighbours(at[0], width_, sample_), row = neighbours(at[1], height_, sample_);
    const bool inside = column.low >= 0 && column.low + 1 < width_ && row.low >= 0 && row.low + 1 < height_;
    const int64_t first = row.low * width_ + column.low;
    for (int64_t c = 0; c < channels_; ++c) {
      const float* plane = x + c * height_ * width_;
      float v[4];
      if (inside) {
        v[0] = plane[first], v[1] = plane[first + 1];
        v[2] = plane[first + width_], v[3] = plane[first + width_ + 1];
      } else {
        for (int64_t k = 0; k < 4; ++k) v[k] = value_at(plane, row.low + k / 2, column.low + k % 2);
      }
      const float above = (1 - column.fraction) * v[0] + column.fraction * v[1];
      const float below = (1 - column.fraction) * v[2] + column.fraction * v[3];
      y[c * positions_] = (1 - row.fraction) * above + row.fraction * below;
    }
  }
  float value_at(const float* plane, int64_t row, int64_t column) const noexcept {
    if (sample_.padding == SamplePadding::kBorder) {
      row = std::clamp<int64_t>(row, 0, height_ - 1);
      column = std::clamp<int64_t>(column, 0, width_ - 1);
    }
    return row < 0 || row >= height_ || column < 0 || column >= width_ ? 0 : plane[row * width_ + column];
  }

  GridSample sample_;
  int64_t channels_, height_, width_, positions_, total_;
};

const OpDef* const kOps[] = {&GridSample::def, &RoiAlign::def};

const char* refuse(const Problem& problem) {
  if (problem.op.as<RoiAlign>() != nullptr) return refuse_roi_align(problem);
  const GridSample& sample = *problem.op.as<GridSample>();
  if (sample.mode != SampleMode::kLinear) return "samples other than linear";
  if (sample.padding == SamplePadding::kReflection) return "reflection at the borders";
  if (problem.inputs[0].dtype != DType::kF32 || problem.inputs[1].dtype != DType::kF32)
    return "elements other than f32";
  if (problem.inputs[0].shape.size() != 4) return "other than two spatial axes";
  return nullptr;
}

double cost(const Problem& problem, const Target& target) {
  double elements = 1;
  for (const int64_t size : problem.outputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  return 100 + elements * 5 / (elements > 2 * kTaskPositions ? target.threads : 1);
}

std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (problem.op.as<RoiAlign>() != nullptr) return bind_roi_align(problem, target);
  return std::make_unique<SampleKernel>(problem);
}

constexpr Row kRows[] = {{"reference_sample_f32", IsaLevel::kReference, refuse, cost, bind}};

}  // namespace

const Family kSampleFamily = {"sample", "images read at the positions of a grid, or in regions", kOps, kRows,
                              text_with_inputs};

}  // namespace ingot::kernels
