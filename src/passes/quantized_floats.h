// Quantised numbers written out as arithmetic in f32, for passes.
#pragma once
#include <optional>

#include "ir/patch.h"
#include "ops/quantize_linear.h"
#include "passes/target.h"

namespace ingot::passes {

// The value as f32: a constant is converted at once, what is f32 stays.
ir::ValueId as_f32(ir::Patch& patch, ir::ValueId value);

// A scale or zero point as f32 that broadcasts against a tensor of `rank` axes: one number, or one for each index of
// `axis`. kNoValue when its shape is neither or is not known.
ir::ValueId spread_parameter(ir::Patch& patch, ir::ValueId parameter, int64_t rank, int64_t axis);

// x minus its zero point (kNoValue: 0), in f32; exact for integers of 8 bits.
ir::ValueId centred(ir::Patch& patch, ir::ValueId x, ir::ValueId spread_zero);

// round(ratio) + zero within the range of integers `to`, its lowest number for NaN, still in f32.
ir::ValueId rounded(ir::Patch& patch, ir::ValueId ratio, ir::ValueId spread_zero, DType to);

// Channels of a group: fewer leave most of the products that are added up in one instruction unused.
inline constexpr int64_t kFewChannels = 4;

// Whether a convolution of that many groups by such weights has kernels on integers: of many channels, or of one filter
// for each channel.
bool has_integer_form(const Shape& weights, int64_t group);

// Whether a product of integers runs as it is: constant weights of i8 without zero points, one zero point of the data.
bool has_integer_kernel(const ir::Graph& graph, const ir::Node& node, const Target& target);

// Whether every element of the result is one of input 0 that only this operator picks: maxima, slices, transposes.
bool takes_elements(const Op& op);

// Whether a value of f32 is what `rounded` gives for integers `to` or narrower: a cast to them and back changes
// nothing.
bool is_rounded(const ir::Graph& graph, ir::ValueId value, DType to);

}  // namespace ingot::passes
