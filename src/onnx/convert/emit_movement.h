// Movement operators in their field form where all sizes are expressions known when converting, else with tensors.
#pragma once
#include "onnx/convert/convert.h"

namespace ingot::onnx {

// `target`: i32/i64 vector with ONNX Reshape's 0 and -1. Returns x where the shape stays.
ir::ValueId emit_reshape_to(Conversion& c, ir::ValueId x, ir::ValueId target, bool allow_zero = false);
// `target`: i32/i64 vector.
ir::ValueId emit_expand_to(Conversion& c, ir::ValueId x, ir::ValueId target);
// i32/i64 vectors; without `axes` the leading ones, without `steps` 1.
ir::ValueId emit_slice(Conversion& c, ir::ValueId x, ir::ValueId starts, ir::ValueId ends,
                       ir::ValueId axes = ir::kNoValue, ir::ValueId steps = ir::kNoValue);
// Axes may be negative. Without axes every axis of size 1 goes.
ir::ValueId emit_squeeze(Conversion& c, ir::ValueId x, const std::vector<int64_t>& axes);
ir::ValueId emit_unsqueeze(Conversion& c, ir::ValueId x, const std::vector<int64_t>& axes);
// Sizes of the axes [start, end) as i64[n].
ir::ValueId emit_shape_of(Conversion& c, ir::ValueId x, int64_t start = 0, int64_t end = INT64_MAX);
// Vectors, scalars counting as vectors of one element, joined.
ir::ValueId emit_concat(Conversion& c, std::vector<ir::ValueId> parts, int64_t axis = 0);

// Whether every symbol in `dims` has a value whenever `x` has one: symbols made for sizes that only a run decides must
// be sizes of `x` itself.
bool expressible(const Conversion& c, const DimShape& dims, ir::ValueId x);

}  // namespace ingot::onnx
