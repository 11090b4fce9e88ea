// Reading images at the positions of a grid.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class SampleMode : uint8_t { kLinear, kNearest, kCubic };
template <> struct EnumNames<SampleMode> { static constexpr const char* kNames[] = {"linear", "nearest", "cubic"}; };
enum class SamplePadding : uint8_t { kZeros, kBorder, kReflection };
template <> struct EnumNames<SamplePadding> {
  static constexpr const char* kNames[] = {"zeros", "border", "reflection"};
};

// x: [n, c, spatial...]; grid: [n, out..., axes] of coordinates in [-1, 1], last spatial axis first -> [n, c, out...].
// -1 and 1 are the centres of the outermost elements when align_corners, else their outer edges. Coordinates are
// computed in the grid's precision; nearest rounds halves to even. Not-a-number positions count as -1.
struct GridSample {
  SampleMode mode = SampleMode::kLinear;
  SamplePadding padding = SamplePadding::kZeros;
  bool align_corners = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("mode", &GridSample::mode), field("padding", &GridSample::padding),
                           field("align_corners", &GridSample::align_corners));
  }
};

}  // namespace ingot
