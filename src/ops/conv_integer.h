// Convolutions of quantised integers.
#pragma once
#include "ops/conv.h"

namespace ingot {

// y (i32) = conv(x - x_zero, w - w_zero). Inputs: x, w (8-bit integers, shapes and fields as Conv), optional x_zero
// (one number) and w_zero (one number or [m]). `epilogue` as in Conv, its operands after the zero points.
struct ConvInteger {
  int64_t group = 1;
  std::vector<int64_t> strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNone;
  bool channels_last = false;
  std::vector<TileInstruction> epilogue;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("group", &ConvInteger::group), field("strides", &ConvInteger::strides),
                           field("dilations", &ConvInteger::dilations), field("pads", &ConvInteger::pads),
                           field("auto_pad", &ConvInteger::auto_pad),
                           field("channels_last", &ConvInteger::channels_last),
                           field("epilogue", &ConvInteger::epilogue));
  }
};

// y = quantize((conv(x - x_zero, w - w_zero) + bias) * (x_scale * w_scale / y_scale)) to the type of y_zero. Inputs: x,
// x_scale, x_zero, w, w_scale (one number or [m]), w_zero, y_scale, y_zero, optional bias (i32 [m]). With channels_last
// x and y are [n, spatial..., c].
struct QLinearConv {
  int64_t group = 1;
  std::vector<int64_t> strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNone;
  bool channels_last = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("group", &QLinearConv::group), field("strides", &QLinearConv::strides),
                           field("dilations", &QLinearConv::dilations), field("pads", &QLinearConv::pads),
                           field("auto_pad", &QLinearConv::auto_pad),
                           field("channels_last", &QLinearConv::channels_last));
  }
};

// The convolution of numbers with the fields of one of integers.
template <class Fields> Conv conv_of(const Fields& fields) {
  Conv conv;
  conv.group = fields.group;
  conv.strides = fields.strides;
  conv.dilations = fields.dilations;
  conv.pads = fields.pads;
  conv.auto_pad = fields.auto_pad;
  conv.channels_last = fields.channels_last;
  return conv;
}

}  // namespace ingot
