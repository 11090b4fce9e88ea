// Convolution (cross-correlation) over any number of spatial axes.
#pragma once
#include "ops/fused.h"
#include "ops/infer.h"
#include "ops/op.h"
#include "ops/window.h"

namespace ingot {

// x: [n, c, spatial...], or [n, spatial..., c] when channels_last; w: always [m, c/group, kernel...]; optional bias
// [m] (f32 too where x is bf16). strides, dilations: one per spatial axis (empty: 1); pads: begin of every axis, then
// end (empty: 0), may be negative; with `auto_pad` they follow from the sizes and the field stays empty. `epilogue` as
// in MatMul: input 0 is the result (bias added), further inputs are the operands after the bias, of the result's shape
// or broadcastable to it.
struct Conv {
  int64_t group = 1;
  std::vector<int64_t> strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNone;
  bool channels_last = false;
  std::vector<TileInstruction> epilogue;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("group", &Conv::group), field("strides", &Conv::strides),
                           field("dilations", &Conv::dilations), field("pads", &Conv::pads),
                           field("auto_pad", &Conv::auto_pad), field("channels_last", &Conv::channels_last),
                           field("epilogue", &Conv::epilogue));
  }
};

// floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1
Dim conv_output_size(const Dim& size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_begin,
                     int64_t pad_end);

// Whether each pixel of the result is made of the pixel at its place alone, by one matrix. `weights`: [m, c,
// kernel...].
bool is_pointwise(const Conv& conv, const Shape& weights);

// The loop itself, for every operator that convolves: x [n, c, spatial...] and w [m, c/group, kernel...] row-major in
// doubles, y [n, m, out...]. Products of 8-bit integers are exact. Throws kInvalidArgument when the shapes don't fit.
struct ConvResult {
  Shape shape;
  std::vector<double> values;
};
ConvResult convolve(const Conv& conv, std::span<const double> x, const Shape& x_shape, std::span<const double> w,
                    const Shape& w_shape);
// Fact of the result without bias and epilogue, of type `dtype`; for inference of such operators.
Fact infer_convolution(const Conv& conv, const InferContext& context, const std::optional<DimShape>& x,
                       const std::optional<DimShape>& w, DType dtype);

}  // namespace ingot
