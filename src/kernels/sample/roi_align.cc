#include "kernels/sample/roi_align.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/copy/strided_copy.h"
#include "ops/roi.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskPixels = 64;
constexpr double kMaxSamples = 1 << 20;  // per axis of a bin: more come only from hostile regions

// Where the samples of a region lie along one axis.
struct Samples {
  double start = 0, bin = 0;
  int64_t count = 0;  // per bin
  double position(int64_t b, int64_t i) const {
    return start + static_cast<double>(b) * bin + (static_cast<double>(i) + 0.5) * bin / static_cast<double>(count);
  }
};

// The two pixels round a position and the weight of the second.
struct Neighbours {
  bool inside;
  int64_t low = 0, high = 0;
  float fraction = 0;
};

Neighbours neighbours(double position, int64_t size) {
  if (!(position >= -1 && position <= static_cast<double>(size))) return {false};
  position = std::max(position, 0.0);
  const int64_t low = std::min(static_cast<int64_t>(position), size - 1), high = std::min(low + 1, size - 1);
  return {true, low, high, low == high ? 0 : static_cast<float>(position - static_cast<double>(low))};
}

class RoiAlignKernel final : public BoundKernel {
 public:
  RoiAlignKernel(const Problem& problem, const Target& target) : align_(*problem.op.as<RoiAlign>()) {
    const Shape &x = problem.inputs[0].shape, &rois = problem.inputs[1].shape;
    if (rois.size() != 2 || rois[1] != 4 || problem.inputs[2].shape != Shape{rois[0]}) {
      fail(Code::kInvalidArgument, "roi_align of regions {} of images {}", shape_text(rois),
           shape_text(problem.inputs[2].shape));
    }
    images_ = x[0], channels_ = x[1], height_ = x[2], width_ = x[3];
    regions_ = rois[0];
    bins_ = align_.height * align_.width;
    slots_ = std::min<int64_t>(target.threads, regions_);
    scratch_bytes = static_cast<size_t>((element_count(x) + slots_ * bins_ * channels_) * 4);
  }

  void run(const RunArgs& args) const noexcept override {
    if (channels_ == 0) return;
    auto* pixels = reinterpret_cast<float*>(args.scratch);
    channels_last(static_cast<const float*>(args.inputs[0]), pixels, args.parallel);
    float* bins = pixels + images_ * height_ * width_ * channels_;
    args.parallel.run(slots_, [&](int64_t slot) {
      for (int64_t r = regions_ * slot / slots_; r < regions_ * (slot + 1) / slots_; ++r) {
        const char* fault = region(args, pixels, r, bins + slot * bins_ * channels_);
        if (fault != nullptr && args.error != nullptr) args.error->store(fault);
      }
    });
  }

 private:
  void channels_last(const float* x, float* pixels, const Parallel& parallel) const noexcept {
    const int64_t area = height_ * width_, blocks = (area + kTaskPixels - 1) / kTaskPixels;
    parallel.run(images_ * blocks, [&](int64_t task) {
      const int64_t image = task / blocks * area * channels_, first = task % blocks * kTaskPixels;
      transpose_block(reinterpret_cast<const std::byte*>(x + image + first), area,
                      reinterpret_cast<std::byte*>(pixels + image + first * channels_), channels_, channels_,
                      std::min(kTaskPixels, area - first), sizeof(float));
    });
  }

  // All bins of a region, by way of `bins` [bin][channel]. A reason when the region makes no sense.
  const char* region(const RunArgs& args, const float* pixels, int64_t r, float* bins) const noexcept {
    const int64_t image = static_cast<const int64_t*>(args.inputs[2])[r];
    if (image < 0 || image >= images_) return "a region names an image that is not there";
    const float* corners = static_cast<const float*>(args.inputs[1]) + r * 4;
    const Samples ys = samples(corners[1], corners[3], align_.height);
    const Samples xs = samples(corners[0], corners[2], align_.width);
    if (ys.count < 0 || xs.count < 0) return "a region is too long";
    for (int64_t bin = 0; bin < bins_; ++bin) {
      average_or_largest(pixels + image * height_ * width_ * channels_, ys, xs, bin, bins + bin * channels_);
    }
    transpose_block(reinterpret_cast<const std::byte*>(bins), channels_,
                    static_cast<std::byte*>(args.outputs[0]) + r * channels_ * bins_ * 4, bins_, bins_, channels_,
                    sizeof(float));
    return nullptr;
  }

  Samples samples(float first, float last, int64_t bins) const noexcept {
    const double shift = align_.half_pixel ? 0.5 : 0;
    const double start = first * align_.spatial_scale - shift, end = last * align_.spatial_scale - shift;
    const double length = align_.half_pixel ? end - start : std::max(end - start, 1.0);
    const double bin = length / static_cast<double>(bins);
    const double count = align_.sampling_ratio > 0 ? static_cast<double>(align_.sampling_ratio) : std::ceil(bin);
    if (!(count <= kMaxSamples)) return {start, bin, -1};
    return {start, bin, std::max<int64_t>(0, static_cast<int64_t>(count))};
  }

  // Of the samples of one bin, for all channels.
  void average_or_largest(const float* pixels, const Samples& ys, const Samples& xs, int64_t bin,
                          float* y) const noexcept {
    const bool average = align_.fn == RoiAlignFn::kAverage;
    const int64_t count = ys.count * xs.count;
    std::fill_n(y, channels_, average || count == 0 ? 0.0f : -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < count; ++i) {
      const Neighbours row = neighbours(ys.position(bin / align_.width, i / xs.count), height_);
      const Neighbours column = neighbours(xs.position(bin % align_.width, i % xs.count), width_);
      if (height_ == 0 || width_ == 0 || !row.inside || !column.inside) {
        for (int64_t c = 0; c < channels_ && !average; ++c) y[c] = std::max(y[c], 0.0f);
        continue;
      }
      const float *above = pixels + row.low * width_ * channels_, *below = pixels + row.high * width_ * channels_;
      const int64_t left = column.low * channels_, right = column.high * channels_;
      const float w[4] = {(1 - row.fraction) * (1 - column.fraction), (1 - row.fraction) * column.fraction,
                          row.fraction * (1 - column.fraction), row.fraction * column.fraction};
      average ? add(w, above + left, above + right, below + left, below + right, y)
              : take_largest(w, above + left, above + right, below + left, below + right, y);
    }
    const float share = 1 / static_cast<float>(count);
    for (int64_t c = 0; c < channels_ && average && count > 0; ++c) y[c] *= share;
  }

  void add(const float (&w)[4], const float* p0, const float* p1, const float* p2, const float* p3,
           float* __restrict y) const noexcept {
    for (int64_t c = 0; c < channels_; ++c) y[c] += w[0] * p0[c] + w[1] * p1[c] + w[2] * p2[c] + w[3] * p3[c];
  }
  void take_largest(const float (&w)[4], const float* p0, const float* p1, const float* p2, const float* p3,
                    float* __restrict y) const noexcept {
    for (int64_t c = 0; c < channels_; ++c) {
      y[c] = std::max({y[c], w[0] * p0[c], w[1] * p1[c], w[2] * p2[c], w[3] * p3[c]});
    }
  }

  RoiAlign align_;
  int64_t images_, channels_, height_, width_, regions_, bins_, slots_;
};

}  // namespace

const char* refuse_roi_align(const Problem& problem) {
  if (problem.inputs[0].dtype != DType::kF32 || problem.inputs[1].dtype != DType::kF32)
    return "elements other than f32";
  if (problem.inputs[2].dtype != DType::kI64) return "indices of images other than i64";
  if (problem.inputs[0].shape.size() != 4) return "other than two spatial axes";
  return nullptr;
}

std::unique_ptr<BoundKernel> bind_roi_align(const Problem& problem, const Target& target) {
  return std::make_unique<RoiAlignKernel>(problem, target);
}

}  // namespace ingot::kernels
