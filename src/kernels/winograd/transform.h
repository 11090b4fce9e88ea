// The transforms of Winograd's minimal filtering and what each instruction set offers of them (Lavin and Gray, "Fast
// algorithms for convolutional neural networks", 2015): F(m x m, 3 x 3) makes m x m outputs from (m + 2)^2 inputs as
// (m + 2)^2 independent products, y = A^T [sum over channels (G w G^T) * (B^T x B)] A.
#pragma once
#include <cstdint>

#include "kernels/gemm/tile.h"

namespace ingot::kernels::winograd {

// One tile of outputs, `columns` filters wide.
struct OutputArgs {
  const float* sums = nullptr;  // point p at sums + p * point_stride, whole vectors readable
  int64_t point_stride = 0;
  int64_t columns = 0;
  float* const* pixels = nullptr;         // [m * m], null where a tile passes the edge; pixel i may be point i's place
  const float* bias = nullptr;            // null where absent
  const float* const* addends = nullptr;  // [m * m]; null where absent
  float low = 0, high = 0;                // bounds of the result; NaN passes
};

struct TransformSet {
  int outputs;  // m
  int vector;
  double input_cost, output_cost;  // nanoseconds for a vector of channels of one tile
  // `pixels`: [(m + 2)^2] inputs, zeros outside the data; point p of `channels` goes to out + p * point_stride, in
  // whole vectors, zeros at their end.
  void (*input)(const float* const* pixels, int64_t channels, float* out, int64_t point_stride) noexcept;
  void (*input_bf16)(const uint16_t* const* pixels, int64_t channels, float* out, int64_t point_stride) noexcept;
  void (*output)(const OutputArgs& args) noexcept;
  int points() const { return (outputs + 2) * (outputs + 2); }
};

extern const TransformSet kAvx2Winograd2, kAvx2Winograd4, kAvx512Winograd2, kAvx512Winograd4;

// G w G^T of one 3 x 3 kernel `w`, (m + 2)^2 values.
void transform_kernel(int outputs, const float* w, float* out);

}  // namespace ingot::kernels::winograd
