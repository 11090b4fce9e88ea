// Convolution (cross-correlation) over any number of spatial axes.
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [n, c, spatial...], or [n, spatial..., c] when channels_last; w: always [m, c/group, kernel...]; optional bias
// [m]. strides, dilations: one per spatial axis (empty: 1); pads: begin of every axis, then end (empty: 0), may be
// negative. `epilogue` as in MatMul: input 0 is the result (bias added), further inputs are the operands after the
// bias, of the result's shape or broadcastable to it.
struct Conv {
  int64_t group = 1;
  std::vector<int64_t> strides, dilations, pads;
  bool channels_last = false;
  std::vector<TileInstruction> epilogue;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("group", &Conv::group), field("strides", &Conv::strides),
                           field("dilations", &Conv::dilations), field("pads", &Conv::pads),
                           field("channels_last", &Conv::channels_last), field("epilogue", &Conv::epilogue));
  }
};

// floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1
Dim conv_output_size(const Dim& size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_begin,
                     int64_t pad_end);

}  // namespace ingot
