// Resampling along some axes.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class ResizeMode : uint8_t { kNearest, kLinear, kCubic };
template <> struct EnumNames<ResizeMode> { static constexpr const char* kNames[] = {"nearest", "linear", "cubic"}; };
// From an output position to an input position, as ONNX Resize defines them.
enum class ResizeCoordinates : uint8_t {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfHalfPixelForNn,
  kTfCropAndResize,
};
template <> struct EnumNames<ResizeCoordinates> {
  static constexpr const char* kNames[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                           "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
};
enum class ResizeNearest : uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
template <> struct EnumNames<ResizeNearest> {
  static constexpr const char* kNames[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
};
enum class ResizeAspect : uint8_t { kStretch, kNotLarger, kNotSmaller };
template <> struct EnumNames<ResizeAspect> {
  static constexpr const char* kNames[] = {"stretch", "not_larger", "not_smaller"};
};

// Inputs: x, optional roi (2 numbers per axis: starts, then ends, normalised), optional scales, optional sizes; the
// fields scales and sizes stand for absent inputs. Numbers are per entry of `axes` (empty: all axes). An output size
// from a scale is floor(f32(size) * f32(scale)).
struct Resize {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  ResizeNearest nearest = ResizeNearest::kRoundPreferFloor;
  ResizeAspect aspect = ResizeAspect::kStretch;
  std::vector<int64_t> axes;
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  double cubic_a = -0.75;
  bool exclude_outside = false;
  bool antialias = false;
  double extrapolation_value = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("mode", &Resize::mode), field("coordinates", &Resize::coordinates),
                           field("nearest", &Resize::nearest), field("aspect", &Resize::aspect),
                           field("axes", &Resize::axes), field("scales", &Resize::scales),
                           field("sizes", &Resize::sizes), field("cubic_a", &Resize::cubic_a),
                           field("exclude_outside", &Resize::exclude_outside), field("antialias", &Resize::antialias),
                           field("extrapolation_value", &Resize::extrapolation_value));
  }
};

// One resampled axis: output element o is the sum over i of weights[o * taps + i] * x[clamp(first[o] + i)], or
// `extrapolation_value` where `outside`. What kernels precompute.
struct ResizeAxis {
  int64_t size = 0, output = 0, taps = 0;
  std::vector<int64_t> first;
  std::vector<double> weights;
  std::vector<bool> outside;
};
ResizeAxis resize_axis(const Resize& resize, int64_t size, int64_t output, double scale, double roi_start,
                       double roi_end);

}  // namespace ingot
