// The taps of one axis.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/resize.h"

namespace ingot {
namespace {

double source_position(const Resize& resize, double o, double size, double output, double scale, double start,
                       double end) {
  const double length = scale * size;  // not rounded, as ONNX's reference has it
  switch (resize.coordinates) {
    case ResizeCoordinates::kHalfPixel: return (o + 0.5) / scale - 0.5;
    case ResizeCoordinates::kHalfPixelSymmetric: return size / 2 * (1 - output / length) + (o + 0.5) / scale - 0.5;
    case ResizeCoordinates::kPytorchHalfPixel: return length == 1 ? -0.5 : (o + 0.5) / scale - 0.5;
    case ResizeCoordinates::kAlignCorners: return length == 1 ? 0 : o * (size - 1) / (length - 1);
    case ResizeCoordinates::kAsymmetric: return o / scale;
    case ResizeCoordinates::kTfHalfPixelForNn: return (o + 0.5) / scale;
    case ResizeCoordinates::kTfCropAndResize:
      return length == 1 ? (start + end) * (size - 1) / 2
                         : start * (size - 1) + o * (end - start) * (size - 1) / (length - 1);
  }
  return 0;
}

int64_t nearest_index(ResizeNearest nearest, double x) {
  switch (nearest) {
    case ResizeNearest::kRoundPreferFloor: return static_cast<int64_t>(std::ceil(x - 0.5));
    case ResizeNearest::kRoundPreferCeil: return static_cast<int64_t>(std::floor(x + 0.5));
    case ResizeNearest::kFloor: return static_cast<int64_t>(std::floor(x));
    case ResizeNearest::kCeil: return static_cast<int64_t>(std::ceil(x));
  }
  return 0;
}

double kernel_at(const Resize& resize, double distance) {
  const double x = std::fabs(distance), a = resize.cubic_a;
  if (resize.mode == ResizeMode::kLinear) return std::max(0.0, 1 - x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

}  // namespace

ResizeAxis resize_axis(const Resize& resize, int64_t size, int64_t output, double scale, double roi_start,
                       double roi_end) {
  ResizeAxis axis;
  axis.size = size, axis.output = output;
  if (size == 0 && output > 0) fail(Code::kInvalidArgument, "resize of an axis without elements to {}", output);
  if (!(scale > 0) || !std::isfinite(scale)) {
    if (output == 0) return axis;
    fail(Code::kInvalidArgument, "resize by {}", scale);
  }
  // With antialias the kernel widens as the image shrinks.
  const double width = resize.antialias ? std::min(scale, 1.0) : 1.0;
  const double reach = resize.mode == ResizeMode::kLinear ? 1 : 2;
  const auto begin = static_cast<int64_t>(std::max(std::floor(-reach / width) + 1, -1e6));
  axis.taps = resize.mode == ResizeMode::kNearest ? 1 : 2 - 2 * begin;
  for (int64_t o = 0; o < output; ++o) {
    double x = source_position(resize, static_cast<double>(o), static_cast<double>(size), static_cast<double>(output),
                               scale, roi_start, roi_end);
    axis.outside.push_back(resize.coordinates == ResizeCoordinates::kTfCropAndResize &&
                           !(x >= 0 && x <= static_cast<double>(size - 1)));
    x = std::isnan(x) ? 0 : std::clamp(x, -2e9, static_cast<double>(size) + 2e9);
    if (resize.mode == ResizeMode::kNearest) {
      axis.first.push_back(nearest_index(resize.nearest, x));
      axis.weights.push_back(1);
      continue;
    }
    const double base = std::ceil(x) - 1, fraction = x - base;  // in (0, 1]
    axis.first.push_back(static_cast<int64_t>(base) + begin);
    const size_t row = axis.weights.size();
    double sum = 0;
    for (int64_t i = 0; i < axis.taps; ++i) {
      const int64_t at = axis.first.back() + i;
      double weight = kernel_at(resize, width * (static_cast<double>(begin + i) - fraction));
      if (resize.exclude_outside && (at < 0 || at >= size)) weight = 0;
      axis.weights.push_back(weight);
      sum += weight;
    }
    if ((!resize.antialias && !resize.exclude_outside) || sum == 0) continue;
    for (size_t i = row; i < axis.weights.size(); ++i) axis.weights[i] /= sum;
  }
  return axis;
}

}  // namespace ingot
