// Depthwise convolution of integers of 8 bits, ops/conv_integer, on channels-last data, one filter for each channel.
// Sums are whole numbers in f32, which holds them exactly: equal bits at every thread count and on every ISA level.
//
// Inputs as in conv/int8_conv.h; the weights packed as segment.h says, in f32, and after them the sum of each
// channel's, which times x_zero is subtracted: y = epilogue(sum of x w - x_zero * sum of w).
#pragma once
#include "kernels/depthwise/segment.h"
#include "kernels/kernel.h"

namespace ingot::kernels::depthwise {

const char* refuse_int8_depthwise(const Problem& problem);
std::unique_ptr<BoundKernel> bind_int8_depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                                 const Target& target);
Tensor pack_int8_depthwise(const SegmentSet& segments, const Tensor& weights);

}  // namespace ingot::kernels::depthwise
