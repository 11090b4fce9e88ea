// The sizes of a convolution, brought to three spatial axes (depth, height, width; missing leading ones have size 1).
#pragma once
#include <array>

#include "kernels/kernel.h"
#include "ops/conv.h"
#include "ops/fused.h"
#include "ops/window.h"

namespace ingot::kernels::conv {

struct Geometry {
  int64_t images = 0, channels = 0, filters = 0, groups = 1;
  std::array<WindowRange, 3> axes;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_filters() const { return filters / groups; }
  int64_t kernel() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  int64_t input_pixels() const { return axes[0].size * axes[1].size * axes[2].size; }
  int64_t output_pixels() const { return axes[0].output * axes[1].output * axes[2].output; }
  // Whether input pixel p makes output pixel p: a product of matrices.
  bool pointwise() const;
};

// Throws kInvalidArgument when data, weights and result do not fit each other. All sizes known.
Geometry geometry_of(const Problem& problem);
// For costs: the same with something typical in place of unknown sizes; never throws.
Geometry typical_geometry(const Problem& problem);

// Null when every row on f32 with a Geometry can take the problem, else the reason; the same but for element types.
const char* refuse_geometry(const Problem& problem);
const char* refuse_ranks(const Problem& problem);
// "n1 56x56x64 3x3 s2x2 -> 64 g1 ..." as conv and depthwise name their problems.
std::string geometry_text(const Problem& problem);

// Data and results as [images, pixels, channels]; between them and [images, channels, pixels].
using Transpose = void (*)(const float* in, int64_t in_stride, int64_t rows, int64_t columns, float* out,
                           int64_t out_stride) noexcept;
void transpose_images(Transpose transpose, const float* in, int64_t images, int64_t rows, int64_t columns, float* out,
                      const Parallel& parallel) noexcept;

}  // namespace ingot::kernels::conv
